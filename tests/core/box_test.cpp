#include "core/box.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/random_boxes.h"

namespace banyan {
namespace {

constexpr std::uint64_t kSeed = 20240229;

Box scaled(const Box& box, float factor) {
    return {box.x0 * factor, box.y0 * factor, box.x1 * factor, box.y1 * factor};
}

TEST(Iou, MatchesHandComputedValues) {
    // [0, 2] x [0, 2] and [1, 3] x [0, 2]: common 1 * 2 = 2, together 4 + 4 - 2 = 6.
    EXPECT_FLOAT_EQ(iou({0, 0, 2, 2}, {1, 0, 3, 2}), 2.0F / 6.0F);
    // Inside: 1 of 16.
    EXPECT_FLOAT_EQ(iou({0, 0, 4, 4}, {1, 1, 2, 2}), 1.0F / 16.0F);
    EXPECT_EQ(iou({0, 0, 1, 1}, {1, 0, 2, 1}), 0.0F); // they touch
    EXPECT_EQ(iou({0, 0, 1, 1}, {5, 5, 6, 6}), 0.0F);
}

TEST(Iou, IsZeroForEmptyAndReversedBoxes) {
    const Box empty{1, 1, 1, 3};
    const Box reversed{3, 3, 1, 1};
    EXPECT_EQ(iou(empty, empty), 0.0F);
    EXPECT_EQ(iou(empty, {0, 0, 4, 4}), 0.0F);
    EXPECT_EQ(iou(reversed, reversed), 0.0F);
    EXPECT_EQ(iou(reversed, {0, 0, 4, 4}), 0.0F);
}

TEST(Iou, IsSymmetricInRangeAndOneOnlyForTheSameBox) {
    const std::vector<Box> boxes = random_boxes(60, kSeed);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        for (std::size_t j = 0; j < boxes.size(); ++j) {
            const float value = iou(boxes[i], boxes[j]);
            ASSERT_EQ(value, iou(boxes[j], boxes[i])) << "seed " << kSeed << ", pair " << i << ", " << j;
            ASSERT_GE(value, 0.0F);
            ASSERT_LE(value, 1.0F);
            ASSERT_EQ(value == 1.0F, i == j);
        }
    }
}

TEST(Iou, DoesNotDependOnTheScale) {
    const std::vector<Box> boxes = random_boxes(50, kSeed);
    for (std::size_t i = 1; i < boxes.size(); ++i) {
        for (const float factor : {0x1p-60F, 0x1p-8F, 0x1p+40F, 0x1p+100F}) {
            ASSERT_EQ(iou(scaled(boxes[i - 1], factor), scaled(boxes[i], factor)), iou(boxes[i - 1], boxes[i]));
        }
    }
}

TEST(Iou, SurvivesTheLargestBoxes) {
    constexpr float kLargest = std::numeric_limits<float>::max();
    EXPECT_EQ(iou({-kLargest, -kLargest, kLargest, kLargest}, {-kLargest, -kLargest, kLargest, kLargest}), 1.0F);
    EXPECT_FLOAT_EQ(iou({0, 0, kLargest, kLargest}, {-kLargest, -kLargest, kLargest, kLargest}), 0.25F);
}

TEST(Intersect, IsTheCommonPartOrHasNoArea) {
    EXPECT_EQ(intersect({0, 0, 4, 4}, {1, 2, 6, 3}), (Box{1, 2, 4, 3}));
    const std::vector<Box> boxes = random_boxes(200, kSeed + 1);
    for (std::size_t i = 1; i < boxes.size(); ++i) {
        const Box common = intersect(boxes[i - 1], boxes[i]);
        ASSERT_EQ(common, intersect(boxes[i], boxes[i - 1]));
        ASSERT_GE(common.width(), 0.0F);
        ASSERT_GE(common.height(), 0.0F);
        ASSERT_LE(common.area(), std::min(boxes[i - 1].area(), boxes[i].area()));
        ASSERT_EQ(common.area() > 0, iou(boxes[i - 1], boxes[i]) > 0);
    }
    EXPECT_EQ(intersect({0, 0, 1, 1}, {5, 5, 6, 6}).area(), 0.0F);
}

TEST(CoveredShare, MeasuresTheInnerBox) {
    EXPECT_FLOAT_EQ(covered_share({0, 0, 2, 2}, {1, 0, 9, 9}), 0.5F);
    EXPECT_EQ(covered_share({1, 1, 2, 2}, {0, 0, 9, 9}), 1.0F);
    EXPECT_EQ(covered_share({0, 0, 1, 1}, {2, 2, 3, 3}), 0.0F);
    EXPECT_EQ(covered_share({1, 1, 1, 1}, {0, 0, 9, 9}), 0.0F);
    EXPECT_EQ(covered_share({0, 0, 1, 1}, {5, 5, 5, 5}), 0.0F);
}

TEST(Clip, CutsToThePictureAndKeepsWhatIsInside) {
    EXPECT_EQ(clip({-1, -2, 5, 6}, 4, 3), (Box{0, 0, 4, 3}));
    EXPECT_EQ(clip({1, 1, 2, 2}, 4, 3), (Box{1, 1, 2, 2}));
    EXPECT_EQ(clip({10, 10, 20, 20}, 4, 3).area(), 0.0F);
    for (const Box& box : random_boxes(100, kSeed, 640, 480)) {
        ASSERT_EQ(clip(box, 640, 480), box);
        const Box cut = clip(box, 100, 100);
        ASSERT_EQ(clip(cut, 100, 100), cut);
        ASSERT_EQ(cut.area(), intersect(box, {0, 0, 100, 100}).area());
    }
}

TEST(Clip, RefusesANegativePicture) {
    expect_error<CheckError>([] { clip({0, 0, 1, 1}, -1, 5); }, {"clip", "-1 x 5"});
}

TEST(Box, HasNoAreaWhenReversed) {
    EXPECT_EQ((Box{2, 2, 1, 1}.area()), 0.0F);
    EXPECT_EQ((Box{0, 0, 3, 2}.area()), 6.0F);
}

} // namespace
} // namespace banyan
