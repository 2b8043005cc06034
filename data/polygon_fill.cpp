#include "data/polygon_fill.h"

namespace banyan {

PixelRect window_of(const Polygon& polygon, int width, int height) {
    const Box box = bounds(polygon);
    const auto pixel = [](float edge, int size) {
        return static_cast<int>(std::ceil(std::clamp<double>(static_cast<double>(edge) - 0.5, 0, size)));
    };
    return {pixel(box.x0, width), pixel(box.y0, height), pixel(box.x1, width), pixel(box.y1, height)};
}

void row_crossings(const Polygon& polygon, float y, std::vector<double>& crossings) {
    crossings.clear();
    for (std::size_t i = 0; i < polygon.corners.size(); ++i) {
        const Point& a = polygon.corners[i == 0 ? polygon.corners.size() - 1 : i - 1];
        const Point& b = polygon.corners[i];
        if ((a.y > y) == (b.y > y)) continue;
        const double share = (static_cast<double>(y) - a.y) / (static_cast<double>(b.y) - a.y);
        crossings.push_back(a.x + share * (static_cast<double>(b.x) - a.x));
    }
    std::sort(crossings.begin(), crossings.end());
}

} // namespace banyan
