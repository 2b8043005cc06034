#include "anchors/anchor_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

/// 50 shapes around each centre, sides off by up to 10 %, mixed.
std::vector<AnchorSize> shapes_around(const std::vector<AnchorSize>& centers, std::uint64_t seed) {
    Random random(seed);
    std::vector<AnchorSize> shapes;
    for (const AnchorSize& center : centers) {
        for (int i = 0; i < 50; ++i) {
            shapes.push_back({center.width_px * random.uniform(0.9, 1.1), center.height_px * random.uniform(0.9, 1.1)});
        }
    }
    random.shuffle(shapes);
    return shapes;
}

TEST(FitAnchors, FindsKnownClustersAndSpreadsThemByAreaOverTheLevels) {
    const std::vector<AnchorSize> centers{{12, 30}, {40, 20}, {60, 60}, {40, 160}, {200, 90}, {250, 260}};
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const AnchorFit fit = fit_anchors(shapes_around(centers, 100 + seed), {{3, 4, 5}, 2, seed, 8});
        ASSERT_EQ(fit.sizes.size(), 3u);
        for (std::size_t c = 0; c < centers.size(); ++c) { // centres stand in order of area
            const AnchorSize& size = fit.sizes[c / 2].at(c % 2);
            EXPECT_NEAR(size.width_px, centers[c].width_px, 0.05 * centers[c].width_px) << "seed " << seed;
            EXPECT_NEAR(size.height_px, centers[c].height_px, 0.05 * centers[c].height_px) << "seed " << seed;
            EXPECT_DOUBLE_EQ(fit.shares[c / 2].at(c % 2), 1.0 / 6) << "seed " << seed;
        }
        EXPECT_GT(fit.mean_iou, 0.85);
        EXPECT_EQ(fit.recall_50, 1.0);
        EXPECT_EQ(fit.recall_70, 1.0);
    }
}

TEST(FitAnchors, IsTheSameForOneSeed) {
    Random random(5);
    std::vector<AnchorSize> shapes;
    for (int i = 0; i < 300; ++i) shapes.push_back({random.uniform(2, 300), random.uniform(2, 300)});
    EXPECT_EQ(fit_anchors(shapes, {}).sizes, fit_anchors(shapes, {}).sizes);
}

TEST(FitAnchors, CoversExactlyAsManyShapesAsAnchors) {
    const std::vector<AnchorSize> shapes{{8, 8}, {8, 8}, {100, 20}, {20, 100}, {300, 300}};
    const AnchorFit fit = fit_anchors(shapes, {{3, 4, 5, 6}, 1, 1, 4});
    EXPECT_DOUBLE_EQ(fit.mean_iou, 1.0);
    EXPECT_EQ(fit.sizes.front().front(), (AnchorSize{8, 8}));
    EXPECT_DOUBLE_EQ(fit.shares.front().front(), 0.4);
    EXPECT_EQ(fit.sizes.back().front(), (AnchorSize{300, 300}));
}

TEST(FitAnchors, CoversBetterThanScaledSquares) {
    Random random(6);
    std::vector<AnchorSize> people; // upright
    for (int i = 0; i < 400; ++i) {
        const double width = 8 * std::pow(20.0, random.uniform());
        people.push_back({width, width * random.uniform(1.8, 3.2)});
    }
    const AnchorFit squares = rate_anchors(people, {});
    const AnchorFit fit = fit_anchors(people, {});
    EXPECT_GT(fit.mean_iou, squares.mean_iou + 0.1);
    EXPECT_GT(fit.recall_50, squares.recall_50);
}

TEST(FitAnchors, RefusesTooFewOrWrongShapes) {
    const std::vector<AnchorSize> shapes{{8, 8}, {16, 16}, {16, 16}};
    expect_error<CheckError>([&] { fit_anchors(shapes, {}); }, {"at least 4 distinct", "found 2", "fewer levels"});
    expect_error<CheckError>([] { fit_anchors({}, {}); }, {"found none"});
    expect_error<CheckError>([] { fit_anchors({{8, 8}, {0, 4}}, {{3}, 1, 0, 1}); }, {"size 1", "0 x 4"});
    const double nan = std::numeric_limits<double>::quiet_NaN();
    expect_error<CheckError>([&] { fit_anchors({{nan, 8}}, {{3}, 1, 0, 1}); }, {"size 0"});
    expect_error<CheckError>([&] { fit_anchors(shapes, {{}, 1, 0, 1}); }, {"at least one level"});
    expect_error<CheckError>([&] { fit_anchors(shapes, {{3}, 17, 0, 1}); }, {"per_level", "17"});
    expect_error<CheckError>([&] { fit_anchors(shapes, {{3}, 1, 0, 0}); }, {"restarts", "found 0"});
}

TEST(RateAnchors, CountsCoverageAndRecall) {
    AnchorOptions anchors;
    anchors.levels = {3, 4};
    anchors.sizes = {{{10, 10}}, {{40, 40}}};
    // IoU with the best size: 1; 100/160 = 0.625; 1600/4000 = 0.4; 1600/2000 = 0.8.
    const AnchorFit fit = rate_anchors({{10, 10}, {10, 16}, {40, 100}, {50, 40}}, anchors);
    EXPECT_EQ(fit.sizes, anchors.sizes);
    EXPECT_NEAR(fit.mean_iou, (1 + 0.625 + 0.4 + 0.8) / 4, 1e-12);
    EXPECT_DOUBLE_EQ(fit.recall_50, 0.75);
    EXPECT_DOUBLE_EQ(fit.recall_70, 0.5);
    EXPECT_DOUBLE_EQ(fit.shares[0][0], 0.5);
    EXPECT_DOUBLE_EQ(fit.shares[1][0], 0.5);
}

TEST(RateAnchors, TakesScalesAndAspects) {
    AnchorOptions anchors;
    anchors.levels = {3};
    anchors.scales = {1, 2};
    anchors.aspect_hw = {1, 4};
    const AnchorFit fit = rate_anchors({{8, 8}, {4, 16}, {16, 16}, {8, 32}}, anchors);
    EXPECT_EQ(fit.sizes, (std::vector<std::vector<AnchorSize>>{{{8, 8}, {4, 16}, {16, 16}, {8, 32}}}));
    EXPECT_DOUBLE_EQ(fit.mean_iou, 1.0);
    anchors.scales = {-1};
    expect_error<CheckError>([&] { rate_anchors({{8, 8}}, anchors); }, {"scales"});
    expect_error<CheckError>([] { rate_anchors({}, {}); }, {"found none"});
}

TEST(DescribeAnchorFit, IsATableForPeople) {
    AnchorOptions anchors;
    anchors.levels = {3, 4};
    anchors.sizes = {{{10, 10}}, {{40, 40}}};
    const AnchorFit fit = rate_anchors({{10, 10}, {10, 16}, {40, 100}, {50, 40}}, anchors);
    EXPECT_EQ(describe(fit, anchors.levels), "level  width px  height px  boxes\n"
                                             "p3         10.0       10.0  50.0%\n"
                                             "p4         40.0       40.0  50.0%\n"
                                             "mean IoU 0.706, IoU >= 0.5: 75.0%, IoU >= 0.7: 50.0%\n");
    expect_error<CheckError>([&] { describe(fit, {3}); }, {"expected 2 levels, found 1"});
}

} // namespace
} // namespace banyan
