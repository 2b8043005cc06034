#include "core/polygon.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace banyan {

namespace {

/// One side of the window: keeps what lies on the far or near side of `limit` along x or y.
struct HalfPlane {
    float Point::*axis;
    float limit;
    bool keeps_above;

    bool holds(const Point& point) const { return keeps_above ? point.*axis >= limit : point.*axis <= limit; }

    Point crossing(const Point& a, const Point& b) const {
        const double t = (static_cast<double>(limit) - a.*axis) / (static_cast<double>(b.*axis) - a.*axis);
        Point point{static_cast<float>(a.x + t * (static_cast<double>(b.x) - a.x)),
                    static_cast<float>(a.y + t * (static_cast<double>(b.y) - a.y))};
        point.*axis = limit;
        return point;
    }
};

std::vector<Point> clip(const std::vector<Point>& corners, const HalfPlane& side) {
    std::vector<Point> kept;
    for (std::size_t i = 0; i < corners.size(); ++i) {
        const Point& from = corners[i == 0 ? corners.size() - 1 : i - 1];
        const Point& to = corners[i];
        if (side.holds(from) != side.holds(to)) kept.push_back(side.crossing(from, to));
        if (side.holds(to)) kept.push_back(to);
    }
    return kept;
}

} // namespace

Polygon::Polygon(const Box& box) : corners{{box.x0, box.y0}, {box.x1, box.y0}, {box.x1, box.y1}, {box.x0, box.y1}} {}

Box bounds(const Polygon& polygon) {
    if (polygon.corners.empty()) return {};
    const Point& first = polygon.corners.front();
    Box box{first.x, first.y, first.x, first.y};
    for (const Point& corner : polygon.corners) {
        box.x0 = std::min(box.x0, corner.x);
        box.y0 = std::min(box.y0, corner.y);
        box.x1 = std::max(box.x1, corner.x);
        box.y1 = std::max(box.y1, corner.y);
    }
    return box;
}

double area(const Polygon& polygon) {
    double twice = 0; // relative to the first corner, so that far-off polygons lose no digits
    for (std::size_t i = 2; i < polygon.corners.size(); ++i) {
        const Point &o = polygon.corners[0], &a = polygon.corners[i - 1], &b = polygon.corners[i];
        twice += (static_cast<double>(a.x) - o.x) * (static_cast<double>(b.y) - o.y) -
                 (static_cast<double>(b.x) - o.x) * (static_cast<double>(a.y) - o.y);
    }
    return std::abs(twice) / 2;
}

bool contains(const Polygon& polygon, Point point) {
    bool inside = false;
    for (std::size_t i = 0; i < polygon.corners.size(); ++i) {
        const Point& a = polygon.corners[i == 0 ? polygon.corners.size() - 1 : i - 1];
        const Point& b = polygon.corners[i];
        if ((a.y > point.y) == (b.y > point.y)) continue;
        const double share = (static_cast<double>(point.y) - a.y) / (static_cast<double>(b.y) - a.y);
        const double x = a.x + share * (static_cast<double>(b.x) - a.x);
        if (static_cast<double>(point.x) < x) inside = !inside;
    }
    return inside;
}

Polygon clip(const Polygon& polygon, const Box& window) {
    std::vector<Point> corners = polygon.corners;
    for (const HalfPlane& side : {HalfPlane{&Point::x, window.x0, true}, HalfPlane{&Point::x, window.x1, false},
                                  HalfPlane{&Point::y, window.y0, true}, HalfPlane{&Point::y, window.y1, false}}) {
        corners = clip(corners, side);
    }
    return Polygon(std::move(corners));
}

float covered_share(const Box& inner, const Polygon& polygon) {
    if (!(inner.area() > 0)) return 0;
    const double inner_area = (static_cast<double>(inner.x1) - inner.x0) * (static_cast<double>(inner.y1) - inner.y0);
    return static_cast<float>(std::min(1.0, area(clip(polygon, inner)) / inner_area));
}

} // namespace banyan
