#pragma once

#include "core/random.h"
#include "data/transform_options.h"
#include "image/placement.h"

namespace banyan {

/// Part of a target that a picture is placed into.
struct PlacementFrame {
    int side = 0;     ///< of the target
    PixelRect window; ///< the picture fits in or fills it
    double size = 1;  ///< factor on the size that it would have alone
};

/// A random placement of a picture: flip, turn, scale and position (also partly outside, but never less than fills or
/// fits; of a turned picture that holds for the box around it). With scale_low = scale_high = 1 the picture lies in a
/// whole target as in the letterbox. No libm: the same numbers on every platform.
Placement random_placement(int width, int height, const PlacementFrame& frame, const TransformOptions& options,
                           Random& random);

/// Size relative to the letterboxed picture, log-uniform in [scale_low, scale_high]; 1, and nothing drawn, when off.
double random_scale(const TransformOptions& options, Random& random);

} // namespace banyan
