#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/nms.h"

namespace banyan {

/// What teachers found in pictures, one small file for each, so that other thresholds or data sets do not ask them
/// again. A file that is damaged or half written is known by its checksum, told of once and made anew. All files
/// together take at most `limit` bytes: the oldest go first. A folder that cannot be written, a full disk for instance,
/// is told of once and then left alone. Thread-safe.
class FoundCache {
public:
    static constexpr std::uint64_t kDefaultLimit = std::uint64_t{256} << 20;

    /// Makes the folder. @throws IoError it cannot be made or read
    explicit FoundCache(std::string folder, std::uint64_t limit = kDefaultLimit);

    /// What was kept under the key, or nothing.
    std::optional<std::vector<ScoredBox>> read(std::uint64_t key);
    void write(std::uint64_t key, const std::vector<ScoredBox>& boxes);

private:
    std::string file_of(std::uint64_t key) const;
    void make_room();
    void tell_once(bool& told, const std::string& message);

    std::string folder_;
    std::uint64_t limit_;
    std::mutex lock_;
    std::uint64_t bytes_ = 0; ///< of all files
    bool told_damaged_ = false, told_unwritable_ = false;
};

} // namespace banyan
