#include "combine/seed_mean.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"

namespace banyan::test {
namespace {

TEST(SeedMean, HasTheIntervalOfStudentsT) {
    // s = 1, n = 3: t(0.975, 2) = 4.302653 / sqrt(3)
    const SeedMean three = seed_mean({1, 2, 3});
    EXPECT_DOUBLE_EQ(three.mean, 2);
    EXPECT_NEAR(three.half_width.value(), 4.302652729911275 / std::sqrt(3.0), 1e-9);
    // t(0.95, 1) = 6.313752, s = sqrt(2)
    EXPECT_NEAR(seed_mean({1, 3}, 0.9).half_width.value(), 6.313751514675043, 1e-9);
}

TEST(SeedMean, OfOneSeedHasNoInterval) {
    EXPECT_EQ(seed_mean({0.4}).mean, 0.4);
    EXPECT_FALSE(seed_mean({0.4}).half_width);
    EXPECT_THROW(seed_mean({}), CheckError);
}

TEST(SeedMean, HoldsTheTrueMeanAsOftenAsItSays) {
    Random random(1);
    constexpr int kTrials = 4000;
    int held = 0;
    for (int i = 0; i < kTrials; ++i) {
        const SeedMean mean = seed_mean({random.normal(), random.normal(), random.normal()});
        held += std::abs(mean.mean) <= mean.half_width.value();
    }
    EXPECT_NEAR(static_cast<double>(held) / kTrials, 0.95, 0.012); // 3.5 standard errors
}

} // namespace
} // namespace banyan::test
