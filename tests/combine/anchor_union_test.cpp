#include "combine/anchor_union.h"

#include <cmath>

#include <gtest/gtest.h>

namespace banyan::test {
namespace {

AnchorOptions boxes(std::vector<double> scales, std::vector<double> aspects) {
    AnchorOptions options;
    options.levels = {3, 4};
    options.scales = std::move(scales);
    options.aspect_hw = std::move(aspects);
    return options;
}

TEST(UnitedAnchors, AreTheSourcesWhereTheyAreAlike) {
    const AnchorOptions own = boxes({4}, {1, 2});
    EXPECT_EQ(united_anchors({own, own}), own);
    EXPECT_TRUE(map_anchors(own, own).is_identity());
}

TEST(UnitedAnchors, TakeTheLargestSetThatHoldsAllOthers) {
    const AnchorOptions all = boxes({4}, {1, 2}), part = boxes({4}, {2});
    const AnchorOptions united = united_anchors({part, all});
    EXPECT_EQ(united.sizes[0], sizes_of_level(all, 0));
    const AnchorMap map = map_anchors(part, united);
    EXPECT_EQ(map.source, (std::vector<std::int64_t>{0, 0})); // both slots tell the one anchor's boxes
    EXPECT_DOUBLE_EQ(map.width_ratio[1], 1);
    EXPECT_NEAR(map.width_ratio[0], 1 / std::sqrt(2.0), 1e-12);
    EXPECT_NEAR(map.height_ratio[0], std::sqrt(2.0), 1e-12);
}

TEST(UnitedAnchors, AreOneCentreForAllSourcesOnEveryLevelAlike) {
    const AnchorOptions small = boxes({3}, {1}), large = boxes({5}, {1});
    const AnchorOptions united = united_anchors({small, large});
    ASSERT_EQ(united.sizes.size(), 2U);
    ASSERT_EQ(united.sizes[0].size(), 1U);
    EXPECT_GE(united.sizes[0][0].width_px, 24);
    EXPECT_LE(united.sizes[0][0].width_px, 40);
    EXPECT_DOUBLE_EQ(united.sizes[1][0].width_px, 2 * united.sizes[0][0].width_px);
    const AnchorMap map = map_anchors(small, united);
    EXPECT_DOUBLE_EQ(map.width_ratio[0], 24 / united.sizes[0][0].width_px);
}

TEST(UnitedAnchors, PointsStayPointsOfTheMeanSize) {
    AnchorOptions small = boxes({2}, {1}), large = boxes({8}, {1});
    small.kind = large.kind = AnchorKind::points;
    const AnchorOptions united = united_anchors({small, large});
    EXPECT_EQ(united.kind, AnchorKind::points);
    EXPECT_NEAR(united.sizes[0][0].width_px, 32, 1e-9);
    EXPECT_TRUE(map_anchors(small, united).is_identity()); // distances do not depend on the size
}

TEST(MapAnchors, GivesEverySourceAnchorASlotOfItsOwn) {
    const AnchorOptions source = boxes({4, 4.2}, {1}), united = boxes({4.1, 9}, {1});
    const AnchorMap map = map_anchors(source, united);
    EXPECT_EQ(map.source, (std::vector<std::int64_t>{0, 1})); // both are nearest to the first slot
}

} // namespace
} // namespace banyan::test
