#include "label/cached_teacher.h"

#include <string_view>
#include <utility>

#include "core/atomic_file.h"
#include "core/cpu_features.h"
#include "core/hash.h"

namespace banyan {

namespace {

std::uint64_t picture_key(const Image& picture, std::uint64_t teacher) {
    const std::string size = std::to_string(picture.width) + "x" + std::to_string(picture.height);
    const std::string_view pixels(reinterpret_cast<const char*>(picture.rgb.data()), picture.rgb.size());
    return hash_bytes(pixels, hash_bytes(size, teacher));
}

} // namespace

CachedTeacher::CachedTeacher(std::unique_ptr<LabelTeacher> teacher, std::shared_ptr<FoundCache> cache,
                             std::uint64_t key)
    : teacher_(std::move(teacher)), cache_(std::move(cache)), key_(key) {}

std::vector<ScoredBox> CachedTeacher::find(const Image& picture) {
    const std::uint64_t key = picture_key(picture, key_);
    if (auto kept = cache_->read(key)) return std::move(*kept);
    std::vector<ScoredBox> found = teacher_->find(picture);
    cache_->write(key, found);
    return found;
}

std::unique_ptr<LabelTeacher> CachedTeacher::another_stream() const {
    return std::make_unique<CachedTeacher>(teacher_->another_stream(), cache_, key_);
}

std::uint64_t teacher_key(const LabelTeacherOptions& options) {
    const std::string arithmetic = has_fast_bf16() ? "bf16" : "fp32";
    return hash_bytes(read_file(options.file), hash_bytes(options.settings + arithmetic));
}

} // namespace banyan
