#include "combine/rank_correlation.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"

namespace banyan {
namespace {

TEST(RankCorrelation, IsOneForTheSameOrderAndMinusOneForItsReverse) {
    EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {10, 100, 101, 5000}).value(), 1);
    EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {4, 3, 2, -7}).value(), -1);
}

TEST(RankCorrelation, OfOneSwapInFourIsFourFifths) {
    // 1 - 6 * sum of squared rank differences (2) / (4 * (16 - 1))
    EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {1, 3, 2, 4}).value(), 0.8);
}

TEST(RankCorrelation, EqualNumbersShareTheirMeanRank) {
    // Ranks 0, 1.5, 1.5, 3 and 0, 1, 2, 3: products 4.5, squares 4.5 and 5.
    EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 2, 5}, {1, 2, 3, 4}).value(), 4.5 / std::sqrt(4.5 * 5));
}

TEST(RankCorrelation, NeedsThreePairsAndAnOrderOnBothSides) {
    EXPECT_FALSE(rank_correlation({1, 2}, {1, 2}));
    EXPECT_FALSE(rank_correlation({}, {}));
    EXPECT_FALSE(rank_correlation({1, 1, 1}, {1, 2, 3}));
    EXPECT_FALSE(rank_correlation({1, 2, 3}, {4, 4, 4}));
    EXPECT_THROW(rank_correlation({1, 2, 3}, {1, 2}), CheckError);
    EXPECT_THROW(rank_correlation({1, 2, 3}, {1, NAN, 2}), CheckError);
}

} // namespace
} // namespace banyan
