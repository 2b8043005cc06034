#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "image/image.h"

namespace banyan {

/// Decoded pictures by file, up to a number of bytes; for several threads. Pictures are kept for good until the room
/// is used up, later ones are not kept: training visits every picture once an epoch, and there any policy that evicts
/// throws away what comes next; this one hits in the share of pictures it holds.
class ImageCache {
public:
    explicit ImageCache(std::int64_t limit_bytes) : limit_bytes_(limit_bytes) {}

    /// The picture of `file` from the cache, or else decoded. @throws DataError, IoError
    std::shared_ptr<const Image> get(const std::string& file);

    std::int64_t bytes() const;

private:
    mutable std::mutex mutex_;
    std::int64_t limit_bytes_;
    std::int64_t bytes_ = 0;
    std::unordered_map<std::string, std::shared_ptr<const Image>> images_;
};

} // namespace banyan
