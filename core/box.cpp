#include "core/box.h"

#include <algorithm>

#include "core/check.h"

namespace banyan {

namespace {

// Areas in double: sides and products of floats are all but exact there, so IoU neither overflows nor loses small boxes
// far from the origin.
double exact_area(const Box& box) {
    const double width = static_cast<double>(box.x1) - static_cast<double>(box.x0);
    const double height = static_cast<double>(box.y1) - static_cast<double>(box.y0);
    return width > 0 && height > 0 ? width * height : 0.0;
}

} // namespace

Box intersect(const Box& a, const Box& b) {
    const float x0 = std::max(a.x0, b.x0);
    const float y0 = std::max(a.y0, b.y0);
    return {x0, y0, std::max(x0, std::min(a.x1, b.x1)), std::max(y0, std::min(a.y1, b.y1))};
}

float iou(const Box& a, const Box& b) {
    const double common = exact_area(intersect(a, b));
    if (common <= 0) return 0.0F;
    const double together = exact_area(a) + exact_area(b) - common;
    return static_cast<float>(std::clamp(common / together, 0.0, 1.0));
}

float covered_share(const Box& inner, const Box& outer) {
    const double area = exact_area(inner);
    if (area <= 0) return 0.0F;
    return static_cast<float>(std::clamp(exact_area(intersect(inner, outer)) / area, 0.0, 1.0));
}

Box clip(const Box& box, float width, float height) {
    BANYAN_CHECK(width >= 0 && height >= 0, "clip: bad picture size ", width, " x ", height);
    return {std::clamp(box.x0, 0.0F, width), std::clamp(box.y0, 0.0F, height), std::clamp(box.x1, 0.0F, width),
            std::clamp(box.y1, 0.0F, height)};
}

} // namespace banyan
