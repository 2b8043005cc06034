#pragma once

#include <utility>
#include <vector>

#include "core/box.h"

namespace banyan {

/// Point in pixels, continuous coordinates.
struct Point {
    float x = 0, y = 0;
    bool operator==(const Point&) const = default;
};

/// Simple polygon in pixels; corners in order, either way round, not closed by a repeated corner. May be concave.
struct Polygon {
    std::vector<Point> corners;

    Polygon() = default;
    /// Its four corners, clockwise from (x0, y0); a box is a polygon wherever one is asked for.
    Polygon(const Box& box);
    explicit Polygon(std::vector<Point> points) : corners(std::move(points)) {}
    bool operator==(const Polygon&) const = default;
};

/// Smallest box around it; empty for a polygon without corners.
Box bounds(const Polygon& polygon);

/// Area in square pixels, >= 0.
double area(const Polygon& polygon);

/// Even-odd rule. Edges as in filling pixels: of two polygons that share an edge exactly one holds a point on it.
bool contains(const Polygon& polygon, Point point);

/// Part inside the window (Sutherland and Hodgman, "Reentrant Polygon Clipping", 1974); no corners when there is none.
/// A concave polygon that falls apart keeps edges of no area along the window between its parts.
Polygon clip(const Polygon& polygon, const Box& window);

/// Share of `inner`'s area that lies in the polygon, in [0, 1]; 0 when inner is empty.
float covered_share(const Box& inner, const Polygon& polygon);

} // namespace banyan
