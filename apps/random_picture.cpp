#include "apps/random_picture.h"

#include "core/random.h"

namespace banyan {

Image random_picture() {
    Image image(640, 480);
    Random random(1);
    for (std::uint8_t& byte : image.rgb) byte = static_cast<std::uint8_t>(random.integer(0, 255));
    return image;
}

} // namespace banyan
