#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/polygon.h"
#include "data/area_map.h"

namespace banyan {

/// Pixels of a width x height picture among which are all those of a polygon.
PixelRect window_of(const Polygon& polygon, int width, int height);

/// Where the polygon's edges cross the horizontal line at y, ascending: it lies between the first and second, third and
/// fourth, … Crossings are computed as in contains().
void row_crossings(const Polygon& polygon, float y, std::vector<double>& crossings);

/// Calls fill(y, first column, end column) for the runs of pixels of `window` whose centre the polygon contains, as
/// contains() tells, row by row.
template <typename Fill>
void fill_polygon(const Polygon& polygon, const PixelRect& window, Fill fill) {
    const auto column = [&](double x) {
        return static_cast<int>(std::ceil(std::clamp<double>(x - 0.5, window.x0, window.x1)));
    };
    std::vector<double> crossings;
    for (int y = window.y0; y < window.y1; ++y) {
        row_crossings(polygon, static_cast<float>(y) + 0.5F, crossings);
        for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
            const int first = column(crossings[i]), end = column(crossings[i + 1]);
            if (first < end) fill(y, first, end);
        }
    }
}

} // namespace banyan
