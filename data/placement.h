#pragma once

#include "core/box.h"
#include "core/random.h"
#include "data/sample.h"
#include "data/transform_options.h"

namespace banyan {

/// Where a picture lies in a square target. Continuous coordinates, pixel i covers [i, i + 1):
///   x' = scale * x + offset_x   or, flipped,   x' = side - (scale * x + offset_x);   y' = scale * y + offset_y
struct Placement {
    double scale = 1.0; ///< > 0
    double offset_x = 0.0;
    double offset_y = 0.0;
    bool flip = false;
};

/// The whole picture, centred, as large as fits. Scale and offsets are exact as float too.
Placement letterbox_placement(int width, int height, int side);

/// A random one: flip, scale and position (also partly outside, but never less than fills or fits). With
/// scale_low = scale_high = 1 the picture lies as in the letterbox. No libm: the same numbers on every platform.
Placement random_placement(int width, int height, int side, const TransformOptions& options, Random& random);

/// Moves one box; not clipped.
Box place_box(const Box& box, const Placement& placement, int side);

/// Moves boxes and ignore regions and cuts them to the target. A box that is left with less than min_visible of its
/// area, or thinner than min_side_px, becomes an ignore region of its class; what is wholly outside is dropped.
/// Label states stay as they are: nothing new becomes known or unknown of what is still in sight.
Labels place_labels(const Labels& labels, const Placement& placement, int side, const TransformOptions& options);

/// Target pixels whose centre lies in the picture: columns [x0, x1), rows [y0, y1).
struct CoveredPixels {
    int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};
CoveredPixels covered_pixels(int width, int height, const Placement& placement, int side);

} // namespace banyan
