#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "anchors/matcher_support.h"
#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

/// Algorithm 1 of arXiv:1912.02424 line by line, over all anchors, without the rescue of boxes that get nothing.
/// @return IoU of each positive (truth, anchor) pair, else -1
std::vector<std::vector<double>> slow_positives(const AnchorSet& anchors, const std::vector<Box>& truth, int top_k) {
    std::vector<std::vector<double>> result(truth.size(), std::vector<double>(anchors.size(), -1));
    for (std::size_t g = 0; g < truth.size(); ++g) {
        const Box& box = truth[g];
        const double x = (static_cast<double>(box.x0) + static_cast<double>(box.x1)) / 2;
        const double y = (static_cast<double>(box.y0) + static_cast<double>(box.y1)) / 2;
        std::vector<std::size_t> candidates; // C_g
        for (std::size_t l = 0; l < anchors.levels.size(); ++l) {
            const AnchorLevel& level = anchors.levels[l];
            const std::size_t last = l + 1 < anchors.levels.size() ? anchors.levels[l + 1].first : anchors.size();
            std::vector<std::pair<double, std::size_t>> order; // squared distance, anchor
            for (std::size_t i = level.first; i < last; ++i) {
                const std::size_t cell = (i - level.first) / anchors.per_cell;
                const auto row = static_cast<double>(cell / static_cast<std::size_t>(level.width));
                const auto column = static_cast<double>(cell % static_cast<std::size_t>(level.width));
                const double dx = (column + 0.5) * level.stride - x;
                const double dy = (row + 0.5) * level.stride - y;
                order.emplace_back(dx * dx + dy * dy, i);
            }
            std::sort(order.begin(), order.end());
            const std::size_t count = std::min(static_cast<std::size_t>(top_k) * anchors.per_cell, order.size());
            for (std::size_t i = 0; i < count; ++i) candidates.push_back(order[i].second);
        }
        std::vector<double> overlaps; // D_g
        for (const std::size_t i : candidates) overlaps.push_back(static_cast<double>(iou(anchors.boxes[i], box)));
        const auto n = static_cast<double>(overlaps.size());
        const double mean = std::accumulate(overlaps.begin(), overlaps.end(), 0.0) / n;
        double squares = 0;
        for (const double overlap : overlaps) squares += (overlap - mean) * (overlap - mean);
        const double threshold = mean + (n > 1 ? std::sqrt(squares / (n - 1)) : 0);
        for (std::size_t c = 0; c < candidates.size(); ++c) {
            const Box& anchor = anchors.boxes[candidates[c]];
            const float anchor_x = (anchor.x0 + anchor.x1) / 2, anchor_y = (anchor.y0 + anchor.y1) / 2;
            const bool inside = box.x0 <= anchor_x && anchor_x < box.x1 && box.y0 <= anchor_y && anchor_y < box.y1;
            if (inside && overlaps[c] >= threshold && overlaps[c] > 0) result[g][candidates[c]] = overlaps[c];
        }
    }
    return result;
}

Matches slow_atss(const AnchorSet& anchors, const std::vector<Box>& truth, int top_k) {
    const auto positives = slow_positives(anchors, truth, top_k);
    Matches matches(anchors.size(), kUnmatched);
    for (std::size_t i = 0; i < anchors.size(); ++i) {
        double best = -1;
        for (std::size_t g = 0; g < truth.size(); ++g) {
            if (positives[g][i] <= best) continue;
            best = positives[g][i];
            matches[i] = static_cast<std::int32_t>(g);
        }
    }
    return matches;
}

TEST(MatchAtss, EqualsTheAlgorithmOfThePaperAndRescuesTheRest) {
    Random random(7);
    std::size_t rescued = 0;
    for (int round = 0; round < 300; ++round) {
        const AnchorSet anchors = random_anchors(random);
        const std::vector<Box> truth = random_truth(random, 12, anchors.width, anchors.height);
        const int top_k = static_cast<int>(random.chance(0.5) ? 9 : random.integer(1, 30));
        const Matches fast = match_atss(anchors, truth, {top_k});
        const Matches slow = slow_atss(anchors, truth, top_k);
        expect_partition(fast, anchors, truth.size());
        // A difference is a rescue: the anchor went to a box that the paper's algorithm leaves without one.
        for (std::size_t i = 0; i < fast.size(); ++i) {
            if (fast[i] == slow[i]) continue;
            ASSERT_GE(fast[i], 0) << "round " << round << ", anchor " << i << ": expected " << slow[i];
            const auto owner = static_cast<std::size_t>(fast[i]);
            ASSERT_EQ(anchors_of(slow, owner), 0u) << "round " << round << ", anchor " << i;
            ASSERT_EQ(anchors_of(fast, owner), 1u) << "round " << round << ", anchor " << i;
            ++rescued;
        }
    }
    EXPECT_GT(rescued, 20u); // the rounds do reach the rescue
}

TEST(MatchAtss, GivesEachTruthBoxAnAnchor) {
    Random random(8);
    for (int round = 0; round < 200; ++round) {
        const AnchorSet anchors = make_anchors({}, 320, 256);
        const std::vector<Box> truth = random_truth(random, 30, 256, 320);
        const Matches matches = match_atss(anchors, truth, {});
        for (std::size_t t = 0; t < truth.size(); ++t) ASSERT_GE(anchors_of(matches, t), 1u) << "round " << round;
    }
}

TEST(MatchAtss, GivesTinyBoxesBetweenCentresTheirBestAnchor) {
    const AnchorSet anchors = make_anchors({}, 64, 64);
    // 2 x 2 px around the corner of four cells of 8: no centre lies inside; the first of four equal ones is taken.
    const Matches matches = match_atss(anchors, {{7, 7, 9, 9}}, {});
    EXPECT_EQ(matches[0], 0);
    EXPECT_EQ(anchors_of(matches, 0), 1u);
}

TEST(MatchAtss, TakesTheLowerOfCellsEquallyFarAway) {
    AnchorOptions options;
    options.levels = {3};
    options.scales = {1};
    const AnchorSet anchors = make_anchors(options, 200, 8); // a column of 25 anchors
    // The centre, 96, lies between anchors 11 and 12. Eight lie within 3.5 cells, the ninth is 4.5 cells above or
    // below. All have one IoU, so every candidate is positive.
    const Matches matches = match_atss(anchors, {{0, 16, 8, 176}}, {});
    for (std::size_t i = 0; i < anchors.size(); ++i) {
        EXPECT_EQ(matches[i], 7 <= i && i <= 15 ? 0 : kUnmatched) << "anchor " << i;
    }
}

TEST(MatchAtss, SharesTheAnchorsAmongManyEqualBoxes) {
    const AnchorSet anchors = make_anchors({}, 128, 128); // 4 levels, at most 9 candidates each
    const std::vector<Box> truth(20, Box{40, 40, 80, 80});
    const Matches matches = match_atss(anchors, truth, {});
    for (std::size_t t = 0; t < truth.size(); ++t) EXPECT_GE(anchors_of(matches, t), 1u) << "box " << t;
    // More boxes than the 9 + 9 + 9 + 4 candidates: each of these is taken once.
    const Matches crowded = match_atss(anchors, std::vector<Box>(100, Box{40, 40, 80, 80}), {});
    EXPECT_EQ(crowded.size() - static_cast<std::size_t>(std::count(crowded.begin(), crowded.end(), kUnmatched)), 31u);
    for (std::size_t t = 0; t < 100; ++t) EXPECT_LE(anchors_of(crowded, t), 1u) << "box " << t;
}

TEST(MatchAtss, GivesAnAnchorOfTwoBoxesToTheHigherIou) {
    AnchorOptions options;
    options.levels = {5};
    options.scales = {1};
    const AnchorSet anchors = make_anchors(options, 32, 64); // two anchors of 32 x 32
    const Matches matches = match_atss(anchors, {{0, 0, 32, 24}, {0, 0, 32, 30}}, {1});
    EXPECT_EQ(matches[0], 1); // 30 / 32 beats 24 / 32; the other box has no other candidate
    EXPECT_EQ(matches[1], kUnmatched);
}

TEST(MatchAtss, LeavesOutBoxesWithoutAnAreaAndNeedsNoTruth) {
    const AnchorSet anchors = make_anchors({}, 64, 64);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float infinity = std::numeric_limits<float>::infinity();
    const Matches matches = match_atss(
        anchors, {{10, 10, 10, 20}, {20, 20, 10, 10}, {nan, 0, 8, 8}, {0, 0, infinity, 8}, {8, 8, 56, 56}}, {});
    for (std::size_t t = 0; t < 4; ++t) EXPECT_EQ(anchors_of(matches, t), 0u);
    EXPECT_GE(anchors_of(matches, 4), 1u);
    EXPECT_EQ(match_atss(anchors, {}, {}), Matches(anchors.size(), kUnmatched));
}

TEST(MatchAtss, RefusesATopKOutOfRange) {
    const AnchorSet anchors = make_anchors({}, 64, 64);
    expect_error<CheckError>([&] { match_atss(anchors, {}, {0}); }, {"top_k", "[1, 100]", "found 0"});
    expect_error<CheckError>([&] { match_atss(anchors, {}, {101}); }, {"101"});
}

} // namespace
} // namespace banyan
