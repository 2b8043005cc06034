#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "anchors/matcher.h"
#include "core/random.h"

namespace banyan::test {

/// Boxes of log-uniform sides in [2, 300] px in a width x height input, sometimes on whole cells so that distances and
/// IoU tie, sometimes one twice.
inline std::vector<Box> random_truth(Random& random, std::int64_t most, double width, double height) {
    std::vector<Box> truth(static_cast<std::size_t>(random.integer(0, most)));
    const bool whole = random.chance(0.4);
    const auto on_grid = [&](double value) { return whole ? 4 * std::round(value / 4) : value; };
    for (std::size_t t = 0; t < truth.size(); ++t) {
        if (t > 0 && random.chance(0.1)) {
            truth[t] = truth[t - 1];
            continue;
        }
        const double w = std::max(on_grid(2 * std::pow(150.0, random.uniform())), 1.0);
        const double h = std::max(on_grid(2 * std::pow(150.0, random.uniform())), 1.0);
        const double x = on_grid(random.uniform(-w / 2, width - w / 2));
        const double y = on_grid(random.uniform(-h / 2, height - h / 2));
        truth[t] = {static_cast<float>(x), static_cast<float>(y), static_cast<float>(x + w), static_cast<float>(y + h)};
    }
    return truth;
}

/// Anchors of a random kind, with sizes that tie now and then.
inline AnchorSet random_anchors(Random& random) {
    AnchorOptions options;
    options.kind = random.chance(0.5) ? AnchorKind::boxes : AnchorKind::points;
    options.levels = {3, 4, 5, 6};
    options.scales = {random.uniform(1, 8)};
    if (options.kind == AnchorKind::boxes) {
        if (random.chance(0.5)) options.scales.push_back(2 * options.scales[0]);
        if (random.chance(0.5)) options.aspect_hw = {0.5, 1, 2};
    }
    return make_anchors(options, static_cast<int>(random.integer(1, 330)), static_cast<int>(random.integer(1, 330)));
}

/// Every anchor has one state, and every state is a legal one.
inline void expect_partition(const Matches& matches, const AnchorSet& anchors, std::size_t truth) {
    ASSERT_EQ(matches.size(), anchors.size());
    const auto boxes = static_cast<std::int32_t>(truth);
    for (const std::int32_t match : matches) {
        ASSERT_TRUE(match == kUnmatched || match == kBetween || (match >= 0 && match < boxes)) << match;
    }
}

inline std::size_t anchors_of(const Matches& matches, std::size_t truth) {
    return static_cast<std::size_t>(std::count(matches.begin(), matches.end(), static_cast<std::int32_t>(truth)));
}

} // namespace banyan::test

namespace banyan {
using namespace test;
} // namespace banyan
