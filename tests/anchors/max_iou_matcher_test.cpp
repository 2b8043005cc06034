#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "anchors/matcher_support.h"
#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

/// All pairs, without force_best.
Matches slow_max_iou(const AnchorSet& anchors, const std::vector<Box>& truth, const MaxIouOptions& options) {
    Matches matches(anchors.size(), kUnmatched);
    for (std::size_t i = 0; i < anchors.size(); ++i) {
        float best = 0;
        std::int32_t owner = kUnmatched;
        for (std::size_t t = 0; t < truth.size(); ++t) {
            const float overlap = iou(anchors.boxes[i], truth[t]);
            if (overlap > best) {
                best = overlap;
                owner = static_cast<std::int32_t>(t);
            }
        }
        if (best > 0 && best >= options.negative_iou) matches[i] = best >= options.positive_iou ? owner : kBetween;
    }
    return matches;
}

/// Adds to slow_max_iou what force_best promises: the best anchors (all ties) of each box, to the highest IoU.
Matches slow_forced(const AnchorSet& anchors, const std::vector<Box>& truth, const MaxIouOptions& options) {
    Matches matches = slow_max_iou(anchors, truth, options);
    std::vector<float> wish(anchors.size(), 0);
    for (std::size_t t = 0; t < truth.size(); ++t) {
        float best = 0;
        for (const Box& anchor : anchors.boxes) best = std::max(best, iou(anchor, truth[t]));
        for (std::size_t i = 0; best > 0 && i < anchors.size(); ++i) {
            if (iou(anchors.boxes[i], truth[t]) != best || best <= wish[i]) continue;
            wish[i] = best;
            matches[i] = static_cast<std::int32_t>(t);
        }
    }
    return matches;
}

MaxIouOptions random_options(Random& random) {
    MaxIouOptions options;
    options.positive_iou = static_cast<float>(random.uniform(0.05, 1));
    options.negative_iou = random.chance(0.2) ? 0.0F : static_cast<float>(random.uniform()) * options.positive_iou;
    return options;
}

TEST(MatchMaxIou, EqualsTheComparisonOfAllPairs) {
    Random random(11);
    for (int round = 0; round < 300; ++round) {
        const AnchorSet anchors = random_anchors(random);
        const std::vector<Box> truth = random_truth(random, 12, anchors.width, anchors.height);
        MaxIouOptions options = random_options(random);
        options.force_best = false;
        const Matches fast = match_max_iou(anchors, truth, options);
        expect_partition(fast, anchors, truth.size());
        ASSERT_EQ(fast, slow_max_iou(anchors, truth, options)) << "round " << round;
    }
}

TEST(MatchMaxIou, ForcesTheBestAnchorsAndRescuesWhoLostThem) {
    Random random(12);
    std::size_t rescued = 0;
    for (int round = 0; round < 300; ++round) {
        const AnchorSet anchors = random_anchors(random);
        const std::vector<Box> truth = random_truth(random, 12, anchors.width, anchors.height);
        const MaxIouOptions options = random_options(random);
        const Matches fast = match_max_iou(anchors, truth, options);
        const Matches slow = slow_forced(anchors, truth, options);
        expect_partition(fast, anchors, truth.size());
        for (std::size_t i = 0; i < fast.size(); ++i) {
            if (fast[i] == slow[i]) continue;
            ASSERT_GE(fast[i], 0) << "round " << round << ", anchor " << i << ": expected " << slow[i];
            ASSERT_EQ(anchors_of(slow, static_cast<std::size_t>(fast[i])), 0u) << "round " << round;
            ASSERT_EQ(anchors_of(fast, static_cast<std::size_t>(fast[i])), 1u) << "round " << round;
            ++rescued;
        }
    }
    EXPECT_GT(rescued, 20u);
}

TEST(MatchMaxIou, GivesEachTruthBoxAnAnchor) {
    Random random(13);
    const AnchorSet anchors = make_anchors({}, 320, 256);
    for (int round = 0; round < 200; ++round) {
        const std::vector<Box> truth = random_truth(random, 30, 256, 320);
        const Matches matches = match_max_iou(anchors, truth, {});
        for (std::size_t t = 0; t < truth.size(); ++t) ASSERT_GE(anchors_of(matches, t), 1u) << "round " << round;
    }
}

TEST(MatchMaxIou, SortsAnchorsByTheTwoThresholds) {
    AnchorOptions options;
    options.levels = {3};
    options.scales = {1};
    const AnchorSet anchors = make_anchors(options, 8, 32); // four anchors of 8 x 8 in a row
    // IoU: 6*8/64 = 0.75, then a box of 16 x 8 over anchors 2 and 3: 0.5 each.
    const std::vector<Box> truth{{0, 0, 6, 8}, {16, 0, 32, 8}};
    EXPECT_EQ(match_max_iou(anchors, truth, {0.7F, 0.5F, false}), (Matches{0, kUnmatched, kBetween, kBetween}));
    EXPECT_EQ(match_max_iou(anchors, truth, {0.7F, 0.6F, false}), (Matches{0, kUnmatched, kUnmatched, kUnmatched}));
    EXPECT_EQ(match_max_iou(anchors, truth, {0.5F, 0.5F, false}), (Matches{0, kUnmatched, 1, 1}));
    EXPECT_EQ(match_max_iou(anchors, truth, {0.7F, 0.6F, true}), (Matches{0, kUnmatched, 1, 1})) << "all ties are best";
    // Nothing is negative but what meets no box.
    EXPECT_EQ(match_max_iou(anchors, truth, {0.7F, 0.0F, false}), (Matches{0, kUnmatched, kBetween, kBetween}));
}

TEST(MatchMaxIou, RescuesWithTheLowerOfEqualAnchors) {
    AnchorOptions options;
    options.levels = {3};
    options.scales = {1};
    const AnchorSet anchors = make_anchors(options, 8, 32);
    // Both want anchor 1 (IoU 64 / 96); the first gets it, the second has 16 / 144 with anchor 0 and with anchor 2.
    EXPECT_EQ(match_max_iou(anchors, {{6, 0, 18, 8}, {6, 0, 18, 8}}, {}), (Matches{1, 0, kUnmatched, kUnmatched}));
    // The same with each anchor twice: the first box holds both of cell 1; anchors 0, 1, 4 and 5 are equal.
    options.aspect_hw = {1, 1};
    const Matches twice = match_max_iou(make_anchors(options, 8, 32), std::vector<Box>(3, Box{6, 0, 18, 8}), {});
    EXPECT_EQ(twice, (Matches{1, 2, 0, 0, kUnmatched, kUnmatched, kUnmatched, kUnmatched}));
}

TEST(MatchMaxIou, LeavesOutBoxesThatTouchNothing) {
    const AnchorSet anchors = make_anchors({}, 64, 64);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<Box> truth{{5000, 5000, 5010, 5010}, {3, 3, 3, 3}, {nan, nan, nan, nan}};
    EXPECT_EQ(match_max_iou(anchors, truth, {}), Matches(anchors.size(), kUnmatched));
    EXPECT_EQ(match_max_iou(anchors, {}, {}), Matches(anchors.size(), kUnmatched));
}

TEST(MatchMaxIou, RefusesThresholdsOutOfRange) {
    const AnchorSet anchors = make_anchors({}, 64, 64);
    expect_error<CheckError>([&] { match_max_iou(anchors, {}, {0.0F, 0.0F, true}); }, {"positive_iou", "(0, 1]"});
    expect_error<CheckError>([&] { match_max_iou(anchors, {}, {1.5F, 0.0F, true}); }, {"found 1.5"});
    expect_error<CheckError>([&] { match_max_iou(anchors, {}, {0.5F, 0.6F, true}); }, {"negative_iou", "[0, 0.5]"});
    expect_error<CheckError>([&] { match_max_iou(anchors, {}, {0.5F, std::nanf(""), true}); }, {"negative_iou"});
}

TEST(Match, TakesTheMatcherThatTheOptionsName) {
    Random random(14);
    const AnchorSet anchors = make_anchors({}, 128, 128);
    const std::vector<Box> truth{{10, 10, 60, 60}, {50, 40, 120, 128}};
    MatcherOptions options;
    options.atss.top_k = 5;
    options.max_iou.positive_iou = 0.45F;
    EXPECT_EQ(match(anchors, truth, options), match_atss(anchors, truth, options.atss));
    options.kind = MatcherKind::max_iou;
    EXPECT_EQ(match(anchors, truth, options), match_max_iou(anchors, truth, options.max_iou));
    EXPECT_NE(match_atss(anchors, truth, options.atss), match_max_iou(anchors, truth, options.max_iou));
}

} // namespace
} // namespace banyan
