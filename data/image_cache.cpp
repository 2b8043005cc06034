#include "data/image_cache.h"

#include "image/image_codec.h"

namespace banyan {

std::shared_ptr<const Image> ImageCache::get(const std::string& file) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = images_.find(file);
        if (found != images_.end()) return found->second;
    }
    // Decoded without the lock; should two threads decode the same picture, the second finds it kept already.
    auto image = std::make_shared<const Image>(read_image(file));
    const auto size = static_cast<std::int64_t>(image->rgb.size());
    const std::lock_guard lock(mutex_);
    if (bytes_ + size <= limit_bytes_ && images_.emplace(file, image).second) bytes_ += size;
    return image;
}

std::int64_t ImageCache::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

} // namespace banyan
