#pragma once

#include "core/box.h"
#include "core/polygon.h"

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

/// Moves one box; not clipped.
Box place_box(const Box& box, const Placement& placement, int side);
/// The same for a polygon; the order of its corners stays, so a flip turns it round.
Polygon place_polygon(Polygon polygon, const Placement& placement, int side);

/// Target pixels whose centre lies in the picture: columns [x0, x1), rows [y0, y1).
struct CoveredPixels {
    int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};
CoveredPixels covered_pixels(int width, int height, const Placement& placement, int side);

} // namespace banyan
