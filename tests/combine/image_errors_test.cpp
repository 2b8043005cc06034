#include "combine/image_errors.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "core/random.h"

namespace banyan::test {
namespace {

TEST(RatioOfSums, HasTheErrorOfAMeanWhereImagesHoldEquallyMuch) {
    const std::vector<double> hits{0, 1, 2, 1}, trials{2, 2, 2, 2};
    const MeasuredMean ratio = ratio_of_sums(hits, trials);
    EXPECT_DOUBLE_EQ(ratio.mean, 0.5);
    EXPECT_EQ(ratio.count, 8);
    // Shares 0, .5, 1, .5: variance (0.25 + 0.25) / 3, error of the mean of four sqrt(that / 4).
    EXPECT_DOUBLE_EQ(ratio.error, std::sqrt(0.5 / 3 / 4));
}

TEST(RatioOfSums, TakesNoAccountOfImagesWithoutTrials) {
    const MeasuredMean ratio = ratio_of_sums({1, 0, 0, 1}, {1, 0, 0, 3}), same = ratio_of_sums({1, 1}, {1, 3});
    EXPECT_EQ(ratio.mean, same.mean);
    EXPECT_EQ(ratio.error, same.error);
    EXPECT_TRUE(std::isnan(ratio_of_sums({0}, {0}).mean));
    EXPECT_TRUE(std::isnan(ratio_of_sums({1}, {2}).error));
}

TEST(BootstrapError, IsTheStandardErrorOfAMean) {
    Random random(3);
    std::vector<double> values(400);
    for (double& value : values) value = random.normal();
    const double error = bootstrap_error(values.size(), 400, 7, [&](const std::vector<int>& weights) {
        double sum = 0;
        for (std::size_t i = 0; i < values.size(); ++i) sum += weights[i] * values[i];
        EXPECT_EQ(std::accumulate(weights.begin(), weights.end(), 0), 400);
        return sum / 400;
    });
    EXPECT_NEAR(error, 1.0 / 20, 0.008);
}

} // namespace
} // namespace banyan::test
