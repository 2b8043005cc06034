#include "core/polygon.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"

namespace banyan {
namespace {

/// An L of area 3: the square [0, 2] x [0, 2] without its upper right quarter.
Polygon letter_l() { return Polygon({{0, 0}, {1, 0}, {1, 1}, {2, 1}, {2, 2}, {0, 2}}); }

TEST(Polygon, OfABoxIsTheBox) {
    const Box box{1, 2, 4, 8};
    EXPECT_EQ(bounds(Polygon(box)), box);
    EXPECT_DOUBLE_EQ(area(Polygon(box)), 18);
    EXPECT_EQ(clip(Polygon(box), Box{0, 0, 10, 10}), Polygon(box));
}

TEST(Polygon, AreaIsTheSameBothWaysRound) {
    Polygon reversed = letter_l();
    std::reverse(reversed.corners.begin(), reversed.corners.end());
    EXPECT_DOUBLE_EQ(area(letter_l()), 3);
    EXPECT_DOUBLE_EQ(area(reversed), 3);
    EXPECT_DOUBLE_EQ(area(Polygon{}), 0);
}

TEST(Polygon, ContainsFollowsConcaveOutlines) {
    EXPECT_TRUE(contains(letter_l(), {0.5F, 0.5F}));
    EXPECT_TRUE(contains(letter_l(), {1.5F, 1.5F}));
    EXPECT_FALSE(contains(letter_l(), {1.5F, 0.5F}));
    EXPECT_FALSE(contains(letter_l(), {-0.5F, 1}));
}

TEST(Polygon, OfTwoThatShareAnEdgeExactlyOneHoldsIt) {
    const Polygon left(Box{0, 0, 1, 1}), right(Box{1, 0, 2, 1});
    EXPECT_NE(contains(left, {1, 0.5F}), contains(right, {1, 0.5F}));
}

TEST(Polygon, ClippingOutsideLeavesNothing) {
    EXPECT_DOUBLE_EQ(area(clip(letter_l(), Box{5, 5, 6, 6})), 0);
    EXPECT_FLOAT_EQ(covered_share(Box{1, 0, 2, 1}, letter_l()), 0);
    EXPECT_FLOAT_EQ(covered_share(Box{0, 0, 2, 2}, letter_l()), 0.75F);
}

/// Concave stars against counting points.
TEST(Polygon, ClippedAreaEqualsTheShareOfPointsInside) {
    Random random(7);
    for (int round = 0; round < 100; ++round) {
        Polygon star;
        constexpr int kCorners = 9;
        for (int i = 0; i < kCorners; ++i) {
            const double angle = 2 * 3.14159265358979 * i / kCorners, radius = random.uniform(5.0, 50.0);
            star.corners.push_back(
                {static_cast<float>(50 + radius * std::cos(angle)), static_cast<float>(50 + radius * std::sin(angle))});
        }
        const Box window{static_cast<float>(random.uniform(0, 50)), static_cast<float>(random.uniform(0, 50)),
                         static_cast<float>(random.uniform(50, 100)), static_cast<float>(random.uniform(50, 100))};
        int inside = 0;
        constexpr int kSide = 200;
        for (int y = 0; y < kSide; ++y) {
            for (int x = 0; x < kSide; ++x) {
                inside += contains(star, {window.x0 + (static_cast<float>(x) + 0.5F) * window.width() / kSide,
                                          window.y0 + (static_cast<float>(y) + 0.5F) * window.height() / kSide});
            }
        }
        EXPECT_NEAR(covered_share(window, star), static_cast<double>(inside) / (kSide * kSide), 0.01) << round;
    }
}

} // namespace
} // namespace banyan
