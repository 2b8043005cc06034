#include "report/axis_ticks.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

namespace banyan {
namespace {

std::vector<std::string> labels(const AxisTicks& axis) {
    std::vector<std::string> result;
    for (const Tick& tick : axis.ticks) result.push_back(tick.label);
    return result;
}

TEST(LinearTicks, AreRoundAndEncloseTheData) {
    const AxisTicks axis = linear_ticks(0.03, 0.97, 5);
    EXPECT_THAT(labels(axis), testing::ElementsAre("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"));
    EXPECT_DOUBLE_EQ(axis.low, 0);
    EXPECT_DOUBLE_EQ(axis.high, 1);
}

TEST(LinearTicks, CrossZeroWithoutMinusZero) {
    EXPECT_THAT(labels(linear_ticks(-0.5, 0.5, 4)),
                testing::ElementsAre("-0.6", "-0.4", "-0.2", "0.0", "0.2", "0.4", "0.6"));
}

TEST(LinearTicks, GiveEqualLimitsRoom) {
    for (const double value : {0.0, 5.0, -3.0, 1e-12, 1e12}) {
        const AxisTicks axis = linear_ticks(value, value, 5);
        EXPECT_LT(axis.low, value) << value;
        EXPECT_GT(axis.high, value) << value;
        EXPECT_GE(axis.ticks.size(), 2U) << value;
    }
}

TEST(LinearTicks, ShortenThousands) {
    EXPECT_THAT(labels(linear_ticks(0, 10000, 5)), testing::ElementsAre("0", "2k", "4k", "6k", "8k", "10k"));
}

TEST(LinearTicks, StayFewAndInsideTheAxisForAnyRange) {
    for (int power = -9; power <= 9; ++power) {
        for (const double lead : {1.0, 1.7, 3.3, 9.9}) {
            const double high = lead * std::pow(10.0, power);
            const AxisTicks axis = linear_ticks(0, high, 5);
            EXPECT_GE(axis.ticks.size(), 3U) << high;
            EXPECT_LE(axis.ticks.size(), 10U) << high;
            EXPECT_GE(axis.high, high * (1 - 1e-6));
            EXPECT_LE(axis.ticks.back().value, axis.high * (1 + 1e-6));
        }
    }
}

TEST(InnerTicks, DoNotWidenTheAxis) {
    const AxisTicks axis = inner_ticks(3, 97, 5);
    EXPECT_DOUBLE_EQ(axis.low, 3);
    EXPECT_DOUBLE_EQ(axis.high, 97);
    EXPECT_THAT(labels(axis), testing::ElementsAre("20", "40", "60", "80"));
}

TEST(LogTicks, AreDecadesOverAWideRange) {
    EXPECT_THAT(labels(log_ticks(0.001, 1000)),
                testing::ElementsAre("0.001", "0.01", "0.1", "1", "10", "100", "1e+03"));
}

TEST(LogTicks, HaveStepsBetweenOverANarrowRange) {
    EXPECT_THAT(labels(log_ticks(0.15, 6)), testing::ElementsAre("0.2", "0.5", "1", "2", "5"));
}

TEST(LogTicks, AreFewOverManyDecades) { EXPECT_LE(log_ticks(1e-30, 1e30).ticks.size(), 10U); }

TEST(FormatFixed, WritesNumbersWithoutLocale) {
    EXPECT_EQ(format_fixed(1234.5, 1), "1234.5");
    EXPECT_EQ(format_fixed(-0.001, 1), "0.0");
    EXPECT_EQ(format_fixed(std::numeric_limits<double>::quiet_NaN(), 2), "–");
    EXPECT_EQ(format_fixed(1e300, 0).size(), 301U);
}

TEST(FormatShort, KeepsTheSignificantDigits) {
    EXPECT_EQ(format_short(0.00125), "0.00125");
    EXPECT_EQ(format_short(3.14159265, 3), "3.14");
    EXPECT_EQ(format_short(std::numeric_limits<double>::infinity()), "–");
}

} // namespace
} // namespace banyan
