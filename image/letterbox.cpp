#include "image/letterbox.h"

#include <algorithm>
#include <cstring>

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

Image letterbox(const Image& image, int width, int height, LetterboxGeometry& geometry) {
    const int side = std::max(width, height);
    Placement placement = letterbox_placement(image.width, image.height, side);
    const float scale = std::min(static_cast<float>(width) / static_cast<float>(image.width),
                                 static_cast<float>(height) / static_cast<float>(image.height));
    const auto padding = [scale](int size, int of_image) {
        return std::max(0.0F, (static_cast<float>(size) - scale * static_cast<float>(of_image)) / 2);
    };
    geometry = {scale, padding(width, image.width), padding(height, image.height)};
    placement.scale = static_cast<double>(geometry.scale);
    placement.offset_x = static_cast<double>(geometry.pad_x);
    placement.offset_y = static_cast<double>(geometry.pad_y);
    // Pictures are placed in squares: the target is the upper left part of one.
    Image square(side, side);
    place_image(image, placement, side, {0, 0, width, height}, square.rgb.data());
    Image target(width, height);
    for (int y = 0; y < height; ++y) std::memcpy(target.row(y), square.row(y), static_cast<std::size_t>(width) * 3);
    return target;
}

} // namespace banyan
