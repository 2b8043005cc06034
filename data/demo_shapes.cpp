#include "data/demo_shapes.h"

#include <cmath>
#include <numbers>

namespace banyan::demo {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr int kArcSteps = 36; ///< corners of a full ellipse

void append_arc(Polygon& polygon, const Frame& frame, const Point& centre, const Point& radii, double from, double to) {
    const int steps = std::max(2, static_cast<int>(std::ceil(std::abs(to - from) / (2 * kPi) * kArcSteps)));
    for (int i = 0; i <= steps; ++i) {
        const double angle = from + (to - from) * i / steps;
        polygon.push_back(frame.at(centre.x + radii.x * std::cos(angle), centre.y + radii.y * std::sin(angle)));
    }
}

} // namespace

Point Frame::at(double x, double y) const {
    const double c = std::cos(angle) * unit;
    const double s = std::sin(angle) * unit;
    return {origin.x + c * x - s * y, origin.y + s * x + c * y};
}

Polygon Frame::at(const Polygon& local) const {
    Polygon result;
    for (const Point& point : local) result.push_back(at(point.x, point.y));
    return result;
}

Frame Frame::moved(double x, double y, double turn, double scale) const {
    return {at(x, y), unit * scale, angle + turn};
}

Polygon ellipse(const Frame& frame, const Point& centre, double rx, double ry) {
    Polygon polygon;
    append_arc(polygon, frame, centre, {rx, ry}, 0, 2 * kPi);
    return polygon;
}

Polygon ellipse_segment(const Frame& frame, const Point& centre, const Point& radii, double from, double to) {
    Polygon polygon;
    append_arc(polygon, frame, centre, radii, from, to);
    return polygon;
}

Polygon rectangle(const Frame& frame, double x0, double y0, double x1, double y1) {
    return frame.at({{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}});
}

Polygon rounded_rectangle(const Frame& frame, const Box& box, double radius) {
    const double x0 = box.x0, y0 = box.y0, x1 = box.x1, y1 = box.y1;
    const Point radii{radius, radius};
    Polygon polygon;
    append_arc(polygon, frame, {x1 - radius, y0 + radius}, radii, -kPi / 2, 0);
    append_arc(polygon, frame, {x1 - radius, y1 - radius}, radii, 0, kPi / 2);
    append_arc(polygon, frame, {x0 + radius, y1 - radius}, radii, kPi / 2, kPi);
    append_arc(polygon, frame, {x0 + radius, y0 + radius}, radii, kPi, 1.5 * kPi);
    return polygon;
}

Polygon capsule(const Point& a, const Point& b, double radius_a, double radius_b) {
    const double along = std::atan2(b.y - a.y, b.x - a.x);
    const Frame frame;
    Polygon polygon;
    append_arc(polygon, frame, a, {radius_a, radius_a}, along + kPi / 2, along + 1.5 * kPi);
    append_arc(polygon, frame, b, {radius_b, radius_b}, along - kPi / 2, along + kPi / 2);
    return polygon;
}

Polygon smooth(const Frame& frame, const Polygon& corners) {
    constexpr int kSteps = 6;
    const std::size_t count = corners.size();
    Polygon polygon;
    for (std::size_t i = 0; i < count; ++i) {
        const Point& p0 = corners[(i + count - 1) % count];
        const Point& p1 = corners[i];
        const Point& p2 = corners[(i + 1) % count];
        const Point& p3 = corners[(i + 2) % count];
        for (int step = 0; step < kSteps; ++step) {
            const double t = static_cast<double>(step) / kSteps;
            const auto curve = [t](double a, double b, double c, double d) {
                return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t +
                              (3 * b - a - 3 * c + d) * t * t * t);
            };
            polygon.push_back(frame.at(curve(p0.x, p1.x, p2.x, p3.x), curve(p0.y, p1.y, p2.y, p3.y)));
        }
    }
    return polygon;
}

double distance(const Point& a, const Point& b) { return std::hypot(b.x - a.x, b.y - a.y); }

} // namespace banyan::demo
