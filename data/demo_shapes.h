#pragma once

#include "data/demo_canvas.h"

/// Outlines that the demo's scenes are built of.
namespace banyan::demo {

/// Coordinates of a thing: `unit` picture pixels each, turned by `angle` (radians, clockwise on the screen).
struct Frame {
    Point origin;
    double unit = 1;
    double angle = 0;

    Point at(double x, double y) const;
    Polygon at(const Polygon& local) const;
    /// A frame whose origin lies at (x, y) of this one, turned further by `turn`.
    Frame moved(double x, double y, double turn = 0, double scale = 1) const;
};

Polygon ellipse(const Frame& frame, const Point& centre, double rx, double ry);
/// The part of an ellipse between two angles (radians, 0 = right, clockwise), closed by a straight line.
Polygon ellipse_segment(const Frame& frame, const Point& centre, const Point& radii, double from, double to);
Polygon rectangle(const Frame& frame, double x0, double y0, double x1, double y1);
Polygon rounded_rectangle(const Frame& frame, const Box& box, double radius);
/// A limb: two circles and all between them. Radii in picture pixels.
Polygon capsule(const Point& a, const Point& b, double radius_a, double radius_b);
/// Closed smooth curve through the corners (Catmull-Rom).
Polygon smooth(const Frame& frame, const Polygon& corners);

double distance(const Point& a, const Point& b);

} // namespace banyan::demo
