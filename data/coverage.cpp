#include "data/coverage.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/check.h"
#include "data/polygon_fill.h"

namespace banyan {

namespace {

PixelRect around(const PixelRect& a, const PixelRect& b) {
    if (a.empty()) return b;
    if (b.empty()) return a;
    return {std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1, b.x1), std::max(a.y1, b.y1)};
}

AreaMap union_of(const std::vector<IgnoreRegion>& regions, const std::vector<bool>& counts, int width, int height) {
    PixelRect window;
    for (std::size_t i = 0; i < regions.size(); ++i) {
        if (counts[i]) window = around(window, window_of(regions[i].area, width, height));
    }
    std::vector<std::uint8_t> mask(window.pixels(), 0);
    for (std::size_t i = 0; i < regions.size(); ++i) {
        if (!counts[i]) continue;
        fill_polygon(regions[i].area, window, [&](int y, int x0, int x1) {
            const auto row = mask.begin() + static_cast<std::ptrdiff_t>(y - window.y0) * window.width();
            std::fill(row + (x0 - window.x0), row + (x1 - window.x0), std::uint8_t{1});
        });
    }
    return AreaMap(width, height, window, [&](int y, std::uint8_t* row) {
        std::memcpy(row, mask.data() + static_cast<std::ptrdiff_t>(y - window.y0) * window.width(),
                    static_cast<std::size_t>(window.width()));
    });
}

} // namespace

Coverage::Coverage(const Labels& labels, int width, int height) : labels_(labels), width_(width), height_(height) {
    static_cast<void>(AreaMap(width, height)); // checks the size
    BANYAN_CHECK(labels.regions.size() <= std::numeric_limits<std::uint16_t>::max(),
                 "coverage: expected at most 65535 regions, found ", labels.regions.size());
    for (const LabelRegion& region : labels.regions) {
        BANYAN_CHECK(region.states.size() == labels.states.size(), "coverage: expected ", labels.states.size(),
                     " states a region, found ", region.states.size());
    }
    if (!labels.regions.empty()) fill_regions();
}

void Coverage::fill_regions() {
    regions_.assign(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_), 0);
    for (std::size_t i = 0; i < labels_.regions.size(); ++i) {
        const Polygon& area = labels_.regions[i].area;
        fill_polygon(area, window_of(area, width_, height_), [&](int y, int x0, int x1) {
            const auto row = regions_.begin() + static_cast<std::ptrdiff_t>(y) * width_;
            std::fill(row + x0, row + x1, static_cast<std::uint16_t>(i + 1));
        });
    }
}

const std::vector<LabelState>& Coverage::states_of(std::size_t region) const {
    return region == 0 ? labels_.states : labels_.regions[region - 1].states;
}

LabelState Coverage::state(int class_id, int x, int y) const {
    const auto id = static_cast<std::size_t>(class_id);
    BANYAN_CHECK(id < labels_.states.size(), "coverage: expected a class id below ", labels_.states.size(), ", found ",
                 class_id);
    if (regions_.empty()) return labels_.states[id];
    const auto pixel = static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x);
    return states_of(regions_[pixel])[id];
}

const AreaMap& Coverage::uncovered(int class_id) {
    std::vector<bool> counts;
    for (std::size_t region = 0; region <= labels_.regions.size(); ++region) {
        counts.push_back(!is_covered(states_of(region).at(static_cast<std::size_t>(class_id))));
    }
    const auto found = uncovered_.find(counts);
    if (found != uncovered_.end()) return found->second;

    PixelRect window{0, 0, counts[0] ? width_ : 0, counts[0] ? height_ : 0};
    for (std::size_t i = 0; i < labels_.regions.size() && !counts[0]; ++i) {
        if (counts[i + 1]) window = around(window, window_of(labels_.regions[i].area, width_, height_));
    }
    const std::vector<std::uint8_t> marks(counts.begin(), counts.end());
    const auto fill_row = [&](int y, std::uint8_t* row) {
        if (regions_.empty()) {
            std::fill_n(row, window.width(), marks[0]);
            return;
        }
        const std::uint16_t* regions = regions_.data() + static_cast<std::ptrdiff_t>(y) * width_ + window.x0;
        for (int x = 0; x < window.width(); ++x) row[x] = marks[regions[x]];
    };
    return uncovered_.emplace(counts, AreaMap(width_, height_, window, fill_row)).first->second;
}

const AreaMap& Coverage::ignored(int class_id) {
    std::vector<bool> counts;
    for (const IgnoreRegion& region : labels_.ignore) {
        counts.push_back(region.class_id < 0 || region.class_id == class_id);
    }
    const auto found = ignored_.find(counts);
    if (found != ignored_.end()) return found->second;
    return ignored_.emplace(counts, union_of(labels_.ignore, counts, width_, height_)).first->second;
}

} // namespace banyan
