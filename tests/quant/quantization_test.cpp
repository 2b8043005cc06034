#include "quant/quantization.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

TEST(QuantizationOf, SpansTheRange) {
    EXPECT_EQ(quantization_of({0, 255}, IntegerType::u8), (Quantization{1, 0}));
    EXPECT_EQ(quantization_of({-255, 0}, IntegerType::u8), (Quantization{1, 255}));
    EXPECT_EQ(quantization_of({-51, 204}, IntegerType::u8), (Quantization{1, 51}));
    EXPECT_EQ(quantization_of({-254, 10}, IntegerType::s8), (Quantization{2, 0}));
}

TEST(QuantizationOf, GivesARangeOfNoLengthScaleOne) {
    EXPECT_EQ(quantization_of({0, 0}, IntegerType::u8), (Quantization{1, 0}));
    EXPECT_EQ(quantization_of({0, 0}, IntegerType::s8), (Quantization{1, 0}));
}

TEST(QuantizationOf, TakesTheLargestAndTheSmallestFloats) {
    constexpr float kMax = std::numeric_limits<float>::max(), kTiny = std::numeric_limits<float>::denorm_min();
    for (const IntegerType type : {IntegerType::u8, IntegerType::s8}) {
        const Quantization wide = quantization_of({-kMax, kMax}, type);
        EXPECT_TRUE(std::isfinite(wide.scale));
        EXPECT_EQ(quantize(kMax, wide, type), highest_of(type));
        EXPECT_GE(quantization_of({-kTiny, kTiny}, type).scale, std::numeric_limits<float>::min());
    }
}

TEST(QuantizationOf, RefusesRangesWithoutZeroAndInfinity) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    expect_error<CheckError>([] { quantization_of({1, 2}, IntegerType::u8); }, {"[1, 2]"});
    expect_error<CheckError>([] { quantization_of({-2, -1}, IntegerType::s8); }, {"low <= 0 <= high"});
    expect_error<CheckError>([] { quantization_of({0, kInfinity}, IntegerType::u8); }, {"finite"});
    expect_error<CheckError>([] { quantization_of({std::nanf(""), 1}, IntegerType::u8); }, {"finite"});
}

TEST(Quantize, ClipsWhatIsOutside) {
    const Quantization u8{1, 51}, s8{2, 0};
    EXPECT_EQ(quantize(-1000, u8, IntegerType::u8), 0);
    EXPECT_EQ(quantize(1e30F, u8, IntegerType::u8), 255);
    EXPECT_EQ(quantize(-1e30F, s8, IntegerType::s8), -127);
    EXPECT_EQ(quantize(300, s8, IntegerType::s8), 127);
}

TEST(Quantize, RoundsHalfToEven) {
    const Quantization one{1, 0};
    EXPECT_EQ(quantize(2.5F, one, IntegerType::u8), 2);
    EXPECT_EQ(quantize(3.5F, one, IntegerType::u8), 4);
    EXPECT_EQ(quantize(-0.5F, one, IntegerType::s8), 0);
}

TEST(Quantize, ComesBackWithinHalfAStepAndKeepsZero) {
    Random random(7);
    for (int i = 0; i < 300; ++i) {
        const double size = std::pow(10, random.uniform(-6, 6));
        QuantRange range{static_cast<float>(-random.uniform() * size), static_cast<float>(random.uniform() * size)};
        if (i % 3 == 0) range.low = 0;
        if (i % 3 == 1) range.high = 0;
        for (const IntegerType type : {IntegerType::u8, IntegerType::s8}) {
            const Quantization q = quantization_of(range, type);
            EXPECT_EQ(dequantize(quantize(0, q, type), q), 0);
            for (int k = 0; k < 20; ++k) {
                const auto x = static_cast<float>(random.uniform(range.low, range.high));
                const double back = dequantize(quantize(x, q, type), q);
                EXPECT_LE(std::fabs(back - x), 0.50001 * q.scale) << x << " in " << range.low << ", " << range.high;
            }
        }
    }
}

TEST(Quantize, IsIdempotent) {
    const Quantization q = quantization_of({-0.3F, 2.7F}, IntegerType::u8);
    for (int integer = 0; integer <= 255; ++integer) {
        EXPECT_EQ(quantize(dequantize(integer, q), q, IntegerType::u8), integer);
    }
}

} // namespace
} // namespace banyan
