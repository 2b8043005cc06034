#include "combine/anchor_union.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "anchors/anchor_fit.h"
#include "core/assignment.h"
#include "core/check.h"

namespace banyan {

namespace {

using Sizes = std::vector<AnchorSize>;

Sizes all_sizes(const std::vector<AnchorOptions>& sources, std::size_t position) {
    Sizes sizes;
    for (const AnchorOptions& source : sources) {
        const Sizes own = sizes_of_level(source, position);
        sizes.insert(sizes.end(), own.begin(), own.end());
    }
    return sizes;
}

std::size_t distinct(const Sizes& sizes) {
    std::set<std::pair<double, double>> shapes;
    for (const AnchorSize& size : sizes) shapes.insert({size.width_px, size.height_px});
    return shapes.size();
}

AnchorSize mean_size(const Sizes& sizes) {
    double width = 0, height = 0;
    for (const AnchorSize& size : sizes) {
        width += std::log(size.width_px);
        height += std::log(size.height_px);
    }
    const auto count = static_cast<double>(sizes.size());
    return {std::exp(width / count), std::exp(height / count)};
}

Sizes centres_of(const Sizes& sizes, const AnchorOptions& most, std::size_t position) {
    const std::size_t count = anchors_per_cell(most);
    if (distinct(sizes) <= count) return sizes_of_level(most, position); // it has all of them
    AnchorFitOptions options;
    options.levels = {most.levels[position]};
    options.per_level = static_cast<int>(count);
    return fit_anchors(sizes, options).sizes.front();
}

/// How far apart two shapes are, over all levels: 0 where they are the same, in logarithms of the sides.
double distance(const AnchorOptions& a, std::size_t slot_a, const AnchorOptions& b, std::size_t slot_b) {
    double sum = 0;
    for (std::size_t level = 0; level < a.levels.size(); ++level) {
        const AnchorSize first = sizes_of_level(a, level)[slot_a], second = sizes_of_level(b, level)[slot_b];
        sum += std::abs(std::log(first.width_px / second.width_px)) +
               std::abs(std::log(first.height_px / second.height_px));
    }
    return sum;
}

/// Geometric means over the levels of source side / united side.
std::pair<double, double> ratios(const AnchorOptions& source, std::size_t from, const AnchorOptions& united,
                                 std::size_t slot) {
    double width = 0, height = 0;
    for (std::size_t level = 0; level < source.levels.size(); ++level) {
        const AnchorSize own = sizes_of_level(source, level)[from], target = sizes_of_level(united, level)[slot];
        width += std::log(own.width_px / target.width_px);
        height += std::log(own.height_px / target.height_px);
    }
    const auto count = static_cast<double>(source.levels.size());
    return {std::exp(width / count), std::exp(height / count)};
}

} // namespace

AnchorOptions united_anchors(const std::vector<AnchorOptions>& sources) {
    BANYAN_CHECK(!sources.empty(), "anchor union: no anchors");
    if (std::all_of(sources.begin(), sources.end(), [&](const auto& source) { return source == sources.front(); })) {
        return sources.front();
    }
    const AnchorOptions& most = *std::max_element(sources.begin(), sources.end(), [](const auto& a, const auto& b) {
        return anchors_per_cell(a) < anchors_per_cell(b);
    });
    AnchorOptions united = most;
    united.sizes.clear();
    for (std::size_t position = 0; position < most.levels.size(); ++position) {
        const Sizes sizes = all_sizes(sources, position);
        united.sizes.push_back(most.kind == AnchorKind::points ? Sizes{mean_size(sizes)}
                                                               : centres_of(sizes, most, position));
    }
    return united;
}

bool AnchorMap::is_identity() const {
    for (std::size_t slot = 0; slot < source.size(); ++slot) {
        if (source[slot] != static_cast<std::int64_t>(slot)) return false;
        if (std::abs(width_ratio[slot] - 1) > 1e-12 || std::abs(height_ratio[slot] - 1) > 1e-12) return false;
    }
    return true;
}

AnchorMap map_anchors(const AnchorOptions& source, const AnchorOptions& united) {
    const std::size_t own = anchors_per_cell(source), slots = anchors_per_cell(united);
    BANYAN_CHECK(source.levels == united.levels && own <= slots, "anchor map: ", own, " anchors a cell onto ", slots);
    std::vector<std::vector<double>> cost(own, std::vector<double>(slots));
    for (std::size_t a = 0; a < own; ++a) {
        for (std::size_t slot = 0; slot < slots; ++slot) cost[a][slot] = distance(source, a, united, slot);
    }
    std::vector<std::size_t> taken(slots, own); // own: by nobody
    const std::vector<std::size_t> slot_of = assign(cost);
    for (std::size_t a = 0; a < own; ++a) taken[slot_of[a]] = a;
    AnchorMap map;
    for (std::size_t slot = 0; slot < slots; ++slot) {
        std::size_t from = taken[slot];
        for (std::size_t a = 0; taken[slot] == own && a < own; ++a) {
            if (from == own || cost[a][slot] < cost[from][slot]) from = a;
        }
        const auto [width, height] =
            source.kind == AnchorKind::boxes ? ratios(source, from, united, slot) : std::pair{1.0, 1.0};
        map.source.push_back(static_cast<std::int64_t>(from));
        map.width_ratio.push_back(width);
        map.height_ratio.push_back(height);
    }
    return map;
}

} // namespace banyan
