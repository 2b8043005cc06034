#include "image/placement.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"

namespace banyan {

namespace {

void check_sizes(int width, int height, int side) {
    BANYAN_CHECK(width > 0 && height > 0 && side > 0, "placement: sizes must be positive, got a picture of ", width,
                 " x ", height, " and side ", side);
}

/// Rounded to float, so that LetterboxGeometry holds the very placement.
double as_float(double value) { return static_cast<double>(static_cast<float>(value)); }

std::pair<int, int> covered_range(double offset, double length, int side) {
    const auto first_centre_from = [side](double edge) {
        return static_cast<int>(std::clamp(std::ceil(edge - 0.5), 0.0, static_cast<double>(side)));
    };
    return {first_centre_from(offset), first_centre_from(offset + length)};
}

} // namespace

Placement letterbox_placement(int width, int height, int side) {
    check_sizes(width, height, side);
    Placement placement;
    placement.scale = as_float(static_cast<double>(side) / std::max(width, height));
    // The long side's padding is zero, not what rounding the scale leaves.
    if (width < height) placement.offset_x = as_float((side - placement.scale * width) / 2);
    if (height < width) placement.offset_y = as_float((side - placement.scale * height) / 2);
    return placement;
}

Polygon place_polygon(Polygon polygon, const Placement& placement, int side) {
    for (Point& corner : polygon.corners) {
        const double x = placement.scale * static_cast<double>(corner.x) + placement.offset_x;
        corner.x = static_cast<float>(placement.flip ? side - x : x);
        corner.y = static_cast<float>(placement.scale * static_cast<double>(corner.y) + placement.offset_y);
    }
    return polygon;
}

Box place_box(const Box& box, const Placement& placement, int side) {
    const auto place_x = [&](float x) { return placement.scale * static_cast<double>(x) + placement.offset_x; };
    const auto place_y = [&](float y) { return placement.scale * static_cast<double>(y) + placement.offset_y; };
    double x0 = place_x(box.x0);
    double x1 = place_x(box.x1);
    if (placement.flip) {
        std::swap(x0, x1);
        x0 = side - x0;
        x1 = side - x1;
    }
    return {static_cast<float>(x0), static_cast<float>(place_y(box.y0)), static_cast<float>(x1),
            static_cast<float>(place_y(box.y1))};
}

CoveredPixels covered_pixels(int width, int height, const Placement& placement, int side) {
    check_sizes(width, height, side);
    auto [x0, x1] = covered_range(placement.offset_x, placement.scale * width, side);
    const auto [y0, y1] = covered_range(placement.offset_y, placement.scale * height, side);
    if (placement.flip) {
        std::swap(x0, x1);
        x0 = side - x0;
        x1 = side - x1;
    }
    return {x0, y0, x1, y1};
}

} // namespace banyan
