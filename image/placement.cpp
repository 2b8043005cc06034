#include "image/placement.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/check.h"
#include "image/pixel_lines.h"

namespace banyan {

namespace {

void check_sizes(int width, int height, int side) {
    BANYAN_CHECK(width > 0 && height > 0 && side > 0, "placement: sizes must be positive, got a picture of ", width,
                 " x ", height, " and side ", side);
}

/// Rounded to float, so that LetterboxGeometry holds the very placement.
double as_float(double value) { return static_cast<double>(static_cast<float>(value)); }

/// Padé approximant of tan, good to 2e-4 for |x| <= pi / 4: the angles are drawn at random anyway.
double tan_of_degrees(double degrees) {
    const double x = degrees * (std::numbers::pi / 180);
    return x * (15 - x * x) / (15 - 6 * x * x);
}

PixelSpan covered_range(double offset, double length, int lo, int hi) {
    const auto first_centre_from = [lo, hi](double edge) {
        return static_cast<int>(std::clamp(std::ceil(edge - 0.5), static_cast<double>(lo), static_cast<double>(hi)));
    };
    return {first_centre_from(offset), first_centre_from(offset + length)};
}

/// In columns before the flip.
std::vector<PixelSpan> straight_spans(int width, int height, const Placement& placement, const PixelRect& window) {
    const PixelSpan columns = covered_range(placement.offset_x, placement.scale * width, window.x0, window.x1);
    const PixelSpan rows = covered_range(placement.offset_y, placement.scale * height, window.y0, window.y1);
    std::vector<PixelSpan> spans(static_cast<std::size_t>(window.height()), {window.x0, window.x0});
    const auto first = spans.begin() - window.y0;
    std::fill(first + rows.x0, first + rows.x1, columns);
    return spans;
}

std::vector<PixelSpan> turned_spans(int width, int height, const Placement& placement, const PixelRect& window) {
    std::vector<PixelSpan> spans;
    for (int y = window.y0; y < window.y1; ++y) {
        const PixelLines lines(placement, y, 1.0);
        PixelSpan span = lines.x.columns_below(width, {window.x0, window.x1});
        span = lines.y.columns_below(height, span);
        spans.push_back(span);
    }
    return spans;
}

} // namespace

Turn make_turn(double degrees, double shear_degrees) {
    BANYAN_CHECK(std::abs(degrees) <= 180 && std::abs(shear_degrees) <= 45, "turn by ", degrees, " and shear by ",
                 shear_degrees, " degrees");
    // By the tangent of a quarter of the angle, doubled twice: exactly a turn whatever the tangent's error.
    const double tangent = tan_of_degrees(degrees / 4);
    const double half_cos = (1 - tangent * tangent) / (1 + tangent * tangent);
    const double half_sin = 2 * tangent / (1 + tangent * tangent);
    const double cos = half_cos * half_cos - half_sin * half_sin;
    const double sin = 2 * half_sin * half_cos;
    const double shear = tan_of_degrees(shear_degrees);
    return {cos, cos * shear - sin, sin, sin * shear + cos};
}

PixelRect intersect(const PixelRect& a, const PixelRect& b) {
    PixelRect common{std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
    common.x1 = std::max(common.x0, common.x1);
    common.y1 = std::max(common.y0, common.y1);
    return common;
}

PixelRect mirror(const PixelRect& rect, int side) { return {side - rect.x1, rect.y0, side - rect.x0, rect.y1}; }

Box to_box(const PixelRect& rect) {
    return {static_cast<float>(rect.x0), static_cast<float>(rect.y0), static_cast<float>(rect.x1),
            static_cast<float>(rect.y1)};
}

Placement letterbox_placement(int width, int height, int side) {
    check_sizes(width, height, side);
    Placement placement;
    placement.scale = as_float(static_cast<double>(side) / std::max(width, height));
    // The long side's padding is zero, not what rounding the scale leaves.
    if (width < height) placement.offset_x = as_float((side - placement.scale * width) / 2);
    if (height < width) placement.offset_y = as_float((side - placement.scale * height) / 2);
    return placement;
}

PlacedExtent placed_extent(int width, int height, const Placement& placement) {
    const Turn& turn = placement.turn;
    const auto low = [&](double a, double b) { return std::min(0.0, a * width) + std::min(0.0, b * height); };
    const auto high = [&](double a, double b) { return std::max(0.0, a * width) + std::max(0.0, b * height); };
    const double x0 = low(turn.xx, turn.xy), y0 = low(turn.yx, turn.yy);
    return {placement.scale * x0 + placement.offset_x, placement.scale * y0 + placement.offset_y,
            placement.scale * (high(turn.xx, turn.xy) - x0), placement.scale * (high(turn.yx, turn.yy) - y0)};
}

Polygon place_polygon(Polygon polygon, const Placement& placement, int side) {
    const Turn& turn = placement.turn;
    for (Point& corner : polygon.corners) {
        const double x = corner.x, y = corner.y;
        const double u = placement.scale * (turn.xx * x + turn.xy * y) + placement.offset_x;
        const double v = placement.scale * (turn.yx * x + turn.yy * y) + placement.offset_y;
        corner = {static_cast<float>(placement.flip ? side - u : u), static_cast<float>(v)};
    }
    return polygon;
}

Box place_box(const Box& box, const Placement& placement, int side) {
    return bounds(place_polygon(box, placement, side));
}

std::vector<PixelSpan> covered_spans(int width, int height, const Placement& placement, int side,
                                     const PixelRect& window) {
    check_sizes(width, height, side);
    BANYAN_CHECK(intersect(window, whole_target(side)) == window, "covered_spans: window beyond the target of side ",
                 side);
    const PixelRect straight = placement.flip ? mirror(window, side) : window;
    std::vector<PixelSpan> spans = placement.is_straight() ? straight_spans(width, height, placement, straight)
                                                           : turned_spans(width, height, placement, straight);
    if (placement.flip) {
        for (PixelSpan& span : spans) span = {side - span.x1, side - span.x0};
    }
    return spans;
}

} // namespace banyan
