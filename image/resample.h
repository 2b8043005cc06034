#pragma once

#include <cstdint>

#include "image/image.h"
#include "image/placement.h"

namespace banyan {

/// Grey that fills the target beside the picture.
inline constexpr std::uint8_t kPadGrey = 114;

/// Resamples `source` once into `target` ([side, side, 3] bytes, all written): bilinear, after an exact box filter by
/// the whole factor when shrinking to half or less (at most 1024). Pixels whose centre is not in the picture are
/// kPadGrey. Integer arithmetic only: the same bytes on every machine, and a flip is the exact mirror image.
void place_image(const Image& source, const Placement& placement, int side, std::uint8_t* target);

} // namespace banyan
