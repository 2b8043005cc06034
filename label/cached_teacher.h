#pragma once

#include <cstdint>
#include <memory>

#include "label/found_cache.h"
#include "label/teacher.h"

namespace banyan {

/// A teacher that is asked once for each picture: what it found is kept by the hash of the picture's pixels and of all
/// that decides what it finds.
class CachedTeacher : public LabelTeacher {
public:
    /// @param key of the teacher (teacher_key)
    CachedTeacher(std::unique_ptr<LabelTeacher> teacher, std::shared_ptr<FoundCache> cache, std::uint64_t key);

    std::vector<ScoredBox> find(const Image& picture) override;
    std::unique_ptr<LabelTeacher> another_stream() const override;

private:
    std::unique_ptr<LabelTeacher> teacher_;
    std::shared_ptr<FoundCache> cache_;
    std::uint64_t key_;
};

/// Hash of the file, of what its options say of preprocessing, decoding and classes, and of the arithmetic of this
/// processor. Thresholds do not count. @throws IoError the file
std::uint64_t teacher_key(const LabelTeacherOptions& options);

} // namespace banyan
