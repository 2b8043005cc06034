#pragma once

#include <cstddef>
#include <vector>

#include "core/box.h"
#include "core/polygon.h"

namespace banyan {

/// Turn and shear of a picture about its corner (0, 0): (x, y) -> (xx x + xy y, yx x + yy y). Determinant 1: areas
/// stay.
struct Turn {
    double xx = 1.0, xy = 0.0;
    double yx = 0.0, yy = 1.0;

    bool operator==(const Turn&) const = default;
};

/// Sheared along x by `shear_degrees`, (x, y) -> (x + tan(shear) y, y), then turned by `degrees`, from x towards y
/// (clockwise as pictures are shown). No libm: the same bits on every machine.
/// @param degrees in [-180, 180]  @param shear_degrees in [-45, 45]
Turn make_turn(double degrees, double shear_degrees);

/// Where a picture lies in a square target. Continuous coordinates, pixel i covers [i, i + 1):
///   (u, v) = scale * turn(x, y) + offset;   x' = u   or, flipped,   x' = side - u;   y' = v
struct Placement {
    double scale = 1.0; ///< > 0
    double offset_x = 0.0;
    double offset_y = 0.0;
    bool flip = false;
    Turn turn = {};

    bool is_straight() const { return turn == Turn{}; }
};

/// Rectangle of whole pixels: columns [x0, x1), rows [y0, y1).
struct PixelRect {
    int x0 = 0, y0 = 0, x1 = 0, y1 = 0;

    int width() const { return x1 - x0; }
    int height() const { return y1 - y0; }
    bool empty() const { return x1 <= x0 || y1 <= y0; }
    std::size_t pixels() const {
        return empty() ? 0 : static_cast<std::size_t>(width()) * static_cast<std::size_t>(height());
    }
    bool operator==(const PixelRect&) const = default;
};
/// All of a square target.
inline PixelRect whole_target(int side) { return {0, 0, side, side}; }
PixelRect intersect(const PixelRect& a, const PixelRect& b);
/// The same pixels as seen before the flip, u instead of x'.
PixelRect mirror(const PixelRect& rect, int side);
Box to_box(const PixelRect& rect);

/// The whole picture, centred, as large as fits. Scale and offsets are exact as float too.
Placement letterbox_placement(int width, int height, int side);

/// Smallest box around the whole picture in (u, v), that is before the flip.
struct PlacedExtent {
    double x0 = 0, y0 = 0, width = 0, height = 0;
};
PlacedExtent placed_extent(int width, int height, const Placement& placement);

/// Moves one box; not clipped. Of a turned picture: the bounds of the box's outline, so the box grows.
Box place_box(const Box& box, const Placement& placement, int side);
/// The same for a polygon, which is exact for every placement; the order of its corners stays, so a flip turns it
/// round.
Polygon place_polygon(Polygon polygon, const Placement& placement, int side);

/// Pixels of one row of a target: columns [x0, x1).
struct PixelSpan {
    int x0 = 0, x1 = 0;
};
/// Pixels of `window`, which lies in the target, whose centre lies in the picture: one span for each of its rows.
std::vector<PixelSpan> covered_spans(int width, int height, const Placement& placement, int side,
                                     const PixelRect& window);

} // namespace banyan
