#include "data/area_map.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/check.h"

namespace banyan {

AreaMap::AreaMap(int width, int height) : width_(width), height_(height) {
    BANYAN_CHECK(width > 0 && height > 0 && width <= std::numeric_limits<std::int32_t>::max() / height,
                 "area map: expected a size of 1 to 2^31 - 1 pixels, found ", width, " x ", height);
}

AreaMap::AreaMap(int width, int height, const PixelRect& window, const FillRow& fill_row) : AreaMap(width, height) {
    if (window.empty()) return;
    BANYAN_CHECK(0 <= window.x0 && 0 <= window.y0 && window.x1 <= width && window.y1 <= height,
                 "area map: the window leaves the picture of ", width, " x ", height);
    window_ = window;
    const auto columns = static_cast<std::size_t>(window.width());
    const std::size_t corners = (columns + 1) * (static_cast<std::size_t>(window.height()) + 1);
    sums_ = std::make_unique_for_overwrite<std::int32_t[]>(corners);
    std::fill_n(sums_.get(), columns + 1, 0);
    std::vector<std::uint8_t> row(columns);
    std::int32_t* above = sums_.get();
    for (int y = window.y0; y < window.y1; ++y, above += columns + 1) {
        fill_row(y, row.data());
        std::int32_t* sums = above + columns + 1;
        std::int32_t left = 0;
        sums[0] = 0;
        for (std::size_t x = 0; x < columns; ++x) {
            left += row[x];
            sums[x + 1] = above[x + 1] + left;
        }
    }
    pixels_ = static_cast<std::size_t>(sums_[corners - 1]);
}

std::int32_t AreaMap::sum_at_corner(int x, int y) const {
    const auto row = static_cast<std::size_t>(y) * (static_cast<std::size_t>(window_.width()) + 1);
    return sums_[row + static_cast<std::size_t>(x)];
}

bool AreaMap::holds(int x, int y) const {
    x -= window_.x0;
    y -= window_.y0;
    if (empty() || x < 0 || y < 0 || x >= window_.width() || y >= window_.height()) return false;
    return sum_at_corner(x + 1, y + 1) - sum_at_corner(x, y + 1) - sum_at_corner(x + 1, y) + sum_at_corner(x, y) != 0;
}

/// Area of the set above and left of a point of the window: within a pixel it is bilinear.
double AreaMap::sum_at(double x, double y) const {
    const int column = std::min(static_cast<int>(x), window_.width() - 1);
    const int row = std::min(static_cast<int>(y), window_.height() - 1);
    const double right = x - column, down = y - row;
    const double top = sum_at_corner(column, row) * (1 - right) + sum_at_corner(column + 1, row) * right;
    const double bottom = sum_at_corner(column, row + 1) * (1 - right) + sum_at_corner(column + 1, row + 1) * right;
    return top * (1 - down) + bottom * down;
}

double AreaMap::share(const Box& box) const {
    if (empty()) return 0;
    double x0 = std::clamp<double>(box.x0, 0, width_), x1 = std::clamp<double>(box.x1, 0, width_);
    double y0 = std::clamp<double>(box.y0, 0, height_), y1 = std::clamp<double>(box.y1, 0, height_);
    const double area = (x1 - x0) * (y1 - y0);
    if (!(x1 > x0 && y1 > y0)) return 0;
    x0 = std::clamp<double>(x0 - window_.x0, 0, window_.width());
    x1 = std::clamp<double>(x1 - window_.x0, 0, window_.width());
    y0 = std::clamp<double>(y0 - window_.y0, 0, window_.height());
    y1 = std::clamp<double>(y1 - window_.y0, 0, window_.height());
    if (x0 == x1 || y0 == y1) return 0;
    const double common = sum_at(x1, y1) - sum_at(x0, y1) - sum_at(x1, y0) + sum_at(x0, y0);
    return std::clamp(common / area, 0.0, 1.0);
}

} // namespace banyan
