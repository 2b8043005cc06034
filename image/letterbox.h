#pragma once

#include "core/box.h"
#include "image/image.h"

namespace banyan {

/// How a letterboxed picture lies in its square: x' = scale * x + pad_x, y' = scale * y + pad_y, exactly.
struct LetterboxGeometry {
    float scale = 1;
    float pad_x = 0;
    float pad_y = 0;

    Box to_original(const Box& box) const;   ///< square -> original pixels; not clipped
    Box from_original(const Box& box) const; ///< original -> square
};

/// The picture letterboxed to side x side (one resampling, grey 114 beside it); `geometry` is written.
Image letterbox(const Image& image, int side, LetterboxGeometry& geometry);

/// The same for a network that takes width x height: as large as fits, centred, in one scale.
Image letterbox(const Image& image, int width, int height, LetterboxGeometry& geometry);

} // namespace banyan
