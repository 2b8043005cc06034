#include "image/letterbox.h"

#include "image/placement.h"
#include "image/resample.h"

namespace banyan {

Box LetterboxGeometry::to_original(const Box& box) const {
    return {(box.x0 - pad_x) / scale, (box.y0 - pad_y) / scale, (box.x1 - pad_x) / scale, (box.y1 - pad_y) / scale};
}

Box LetterboxGeometry::from_original(const Box& box) const {
    return {box.x0 * scale + pad_x, box.y0 * scale + pad_y, box.x1 * scale + pad_x, box.y1 * scale + pad_y};
}

Image letterbox(const Image& image, int side, LetterboxGeometry& geometry) {
    const Placement placement = letterbox_placement(image.width, image.height, side);
    Image square(side, side);
    place_image(image, placement, side, square.rgb.data());
    geometry = {static_cast<float>(placement.scale), static_cast<float>(placement.offset_x),
                static_cast<float>(placement.offset_y)};
    return square;
}

} // namespace banyan
