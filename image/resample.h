#pragma once

#include <cstdint>
#include <vector>

#include "image/image.h"
#include "image/placement.h"

namespace banyan {

/// Grey that fills the target beside the picture.
inline constexpr std::uint8_t kPadGrey = 114;

/// Resamples `source` once into the pixels of `window` of `target` ([side, side, 3] bytes); no others are touched.
/// Bilinear, after an exact box filter by the whole factor when shrinking to half or less (at most 1024). Pixels whose
/// centre is not in the picture are kPadGrey. Integer arithmetic: the same bytes on every machine and for every window
/// that holds the pixel, and a flip is the exact mirror image.
/// @return the pixels of the picture: a span for each row of the window.
std::vector<PixelSpan> place_image(const Image& source, const Placement& placement, int side, const PixelRect& window,
                                   std::uint8_t* target);
/// The same into all of the target.
void place_image(const Image& source, const Placement& placement, int side, std::uint8_t* target);

} // namespace banyan
