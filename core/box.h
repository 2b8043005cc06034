#pragma once

namespace banyan {

/// Axis-aligned box in pixels, corners (x0, y0) inclusive and (x1, y1) exclusive; continuous coordinates.
struct Box {
    float x0 = 0, y0 = 0, x1 = 0, y1 = 0;

    float width() const { return x1 - x0; }
    float height() const { return y1 - y0; }
    float area() const { return width() > 0 && height() > 0 ? width() * height() : 0.0F; }
    bool operator==(const Box&) const = default;
};

/// Common part of two boxes; zero area when they do not meet.
Box intersect(const Box& a, const Box& b);

/// Intersection over union in [0, 1]; 0 when both are empty.
float iou(const Box& a, const Box& b);

/// Share of `inner`'s area that lies in `outer`, in [0, 1]; 0 when inner is empty.
float covered_share(const Box& inner, const Box& outer);

/// The box cut to [0, width] x [0, height]; a box outside keeps no area. @throws CheckError a negative size
Box clip(const Box& box, float width, float height);

} // namespace banyan
