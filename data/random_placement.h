#pragma once

#include "core/random.h"
#include "data/sample.h"
#include "data/transform_options.h"
#include "image/placement.h"

namespace banyan {

/// A random placement of a picture: flip, scale and position (also partly outside, but never less than fills or fits).
/// With scale_low = scale_high = 1 the picture lies as in the letterbox. No libm: the same numbers on every platform.
Placement random_placement(int width, int height, int side, const TransformOptions& options, Random& random);

/// Moves boxes and ignore regions and cuts them to the target. A box that is left with less than min_visible of its
/// area, or thinner than min_side_px, becomes an ignore region of its class; what is wholly outside is dropped.
/// Label states stay as they are: nothing new becomes known or unknown of what is still in sight.
Labels place_labels(const Labels& labels, const Placement& placement, int side, const TransformOptions& options);

} // namespace banyan
