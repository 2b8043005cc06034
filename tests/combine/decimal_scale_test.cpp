#include "combine/decimal_scale.h"

#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan::test {
namespace {

TEST(DecimalScale, AddsDecimalsAsPeopleDo) {
    const DecimalScale scale(0.5);
    EXPECT_NE(0.1 + 0.2, 0.3);
    EXPECT_EQ(scale.whole(0.1) + scale.whole(0.2), scale.whole(0.3));
    EXPECT_EQ(scale.value(scale.whole(0.1) * 3), 0.3);
    EXPECT_EQ(scale.value(scale.whole(-0.07222) + scale.whole(0.07222)), 0);
}

TEST(DecimalSum, IsTheDecimal) {
    EXPECT_EQ(decimal_sum({0.1, 0.2}), 0.3);
    EXPECT_EQ(decimal_sum({0.07076, 0.1694, -0.07076}), 0.1694);
    EXPECT_EQ(decimal_sum({}), 0);
}

TEST(DecimalScale, KeepsFourteenDigitsAtAnyMagnitude) {
    for (const double value : {12345678901234e-200, 1.2345678901234e-8, 0.12345678901234, 987654321.01234, 7e250}) {
        const DecimalScale scale(value);
        EXPECT_EQ(scale.value(scale.whole(value)), value);
        EXPECT_GE(scale.whole(value), std::int64_t{10'000'000'000'000});
        EXPECT_LE(scale.whole(value), std::int64_t{100'000'000'000'000});
    }
}

TEST(DecimalScale, TakesZeroAndInfinity) {
    const DecimalScale scale(0);
    EXPECT_EQ(scale.whole(0), 0);
    EXPECT_EQ(DecimalScale(2).whole(std::numeric_limits<double>::infinity()), std::int64_t{9'000'000'000'000'000});
    expect_error<CheckError>([] { DecimalScale(-1); });
    expect_error<CheckError>([] { DecimalScale(std::numeric_limits<double>::quiet_NaN()); });
}

} // namespace
} // namespace banyan::test
