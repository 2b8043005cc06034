#include "heads/box_bins.h"

#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

TEST(ExpectedDistance, EqualsHandComputedValues) {
    const float even[] = {2, 2, 2, 2};
    EXPECT_FLOAT_EQ(expected_distance(even, 4), 1.5F);
    // Shares 1/4 and 3/4 of the bins 0 and 1.
    const float uneven[] = {0, static_cast<float>(std::log(3.0))};
    EXPECT_FLOAT_EQ(expected_distance(uneven, 2), 0.75F);
    // Between two sure neighbours.
    const float between[] = {-100, 50, 50, -100};
    EXPECT_FLOAT_EQ(expected_distance(between, 4), 1.5F);
}

TEST(ExpectedDistance, StaysInsideForExtremeLogits) {
    constexpr float kMost = std::numeric_limits<float>::max();
    const float first[] = {kMost, -kMost, 0}, last[] = {-kMost, 0, kMost};
    EXPECT_EQ(expected_distance(first, 3), 0.0F);
    EXPECT_EQ(expected_distance(last, 3), 2.0F);
}

TEST(ExpectedDistance, IsNaNWhereALogitIsNotFinite) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
        const float logits[] = {0, bad, 1};
        EXPECT_TRUE(std::isnan(expected_distance(logits, 3))) << bad;
    }
}

TEST(WidestDistribution, HasTheMean) {
    for (const std::size_t bins : {2, 3, 16, 17, 64}) {
        for (const double part : {0.01, 0.2, 0.5, 0.77, 0.99}) {
            const double mean = part * static_cast<double>(bins - 1);
            const std::vector<double> exact = widest_distribution(bins, mean);
            ASSERT_EQ(exact.size(), bins);
            const std::vector<float> logits(exact.begin(), exact.end());
            EXPECT_NEAR(expected_distance(logits.data(), bins), mean, 1e-5 * static_cast<double>(bins));
        }
    }
}

double entropy(const std::vector<double>& logits) {
    double sum = 0, result = 0;
    for (const double logit : logits) sum += std::exp(logit);
    for (const double logit : logits) {
        const double share = std::exp(logit) / sum;
        if (share > 0) result -= share * std::log(share);
    }
    return result;
}

TEST(WidestDistribution, IsWiderThanOthersOfItsMean) {
    EXPECT_NEAR(entropy(widest_distribution(5, 2)), std::log(5), 1e-9); // the even one
    const double widest = entropy(widest_distribution(16, 3));
    // Even over 0 to 6, and the two bins around with all else empty, have the same mean 3.
    std::vector<double> even(16, -1e3);
    for (std::size_t i = 0; i <= 6; ++i) even[i] = 0;
    EXPECT_GT(widest, entropy(even));
    std::vector<double> narrow(16, -1e3);
    narrow[2] = narrow[4] = 0;
    EXPECT_GT(widest, entropy(narrow));
}

TEST(WidestDistribution, RefusesMeansOutsideTheBins) {
    expect_error<CheckError>([] { widest_distribution(16, 15); }, {"(0, 15)", "15"});
    expect_error<CheckError>([] { widest_distribution(16, 0); }, {"(0, 15)"});
    expect_error<CheckError>([] { widest_distribution(1, 0.5); }, {"at least 2"});
}

} // namespace
} // namespace banyan
