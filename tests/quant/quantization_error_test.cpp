#include "quant/quantization_error.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "tests/quant/error_twin.h"
#include "tests/quant/synthetic.h"

namespace banyan {
namespace {

TEST(QuantizationError, EqualsTheIntegralBinByBin) {
    Random random(11);
    for (int i = 0; i < 200; ++i) {
        const std::size_t bins = i % 2 == 0 ? 40 : 700; // wider and narrower than a step
        const auto low = static_cast<float>(-random.uniform(0, 2) * (i % 3 == 0 ? 0 : 1));
        const Histogram empty("x", low, 2, bins);
        const Histogram histogram =
            test::histogram_of(low, 2, bins, test::random_counts(random, empty.counts().size()));
        const QuantizationError error(histogram);
        for (const IntegerType type : {IntegerType::u8, IntegerType::s8}) {
            const auto end = static_cast<float>(random.uniform(0.1, 2.5));
            const Quantization q = quantization_of({low / 2, end}, type);
            const double slow = test::slow_squared_error(histogram, q, type);
            EXPECT_NEAR(error.squared(q, type), slow, 1e-9 * slow + 1e-12 * error.signal());
        }
    }
}

TEST(QuantizationError, AgreesWithTheTensorItself) {
    const std::vector<float> numbers = test::normal_numbers(100000, 12);
    ValueRange range;
    range.add(numbers);
    Histogram histogram("x", range);
    histogram.add(numbers);
    for (const IntegerType type : {IntegerType::u8, IntegerType::s8}) {
        for (const float end : {0.5F, 1.0F, 2.5F, 4.0F, 20.0F}) {
            const Quantization q = quantization_of({-end, end}, type);
            double signal = 0, noise = 0;
            for (const float x : numbers) {
                signal += double{x} * x;
                noise += std::pow(double{x} - dequantize(quantize(x, q, type), q), 2);
            }
            EXPECT_NEAR(sqnr_db(histogram, {-end, end}, type), sqnr_db(signal, noise), 0.05) << end;
        }
    }
}

TEST(QuantizationError, CountsZerosAsExact) {
    Histogram histogram("x", -1, 1);
    histogram.add(std::vector<float>(1000, 0.0F));
    EXPECT_EQ(QuantizationError(histogram).squared(quantization_of({-1, 0.3F}, IntegerType::u8), IntegerType::u8), 0);
    EXPECT_EQ(sqnr_db(histogram, {-1, 1}, IntegerType::u8), std::numeric_limits<double>::infinity());
}

TEST(SqnrDb, IsTheLogarithmOfTheRatio) {
    EXPECT_DOUBLE_EQ(sqnr_db(1000, 1), 30);
    EXPECT_EQ(sqnr_db(1, 0), std::numeric_limits<double>::infinity());
    EXPECT_EQ(sqnr_db(0, 0), std::numeric_limits<double>::infinity());
}

// Uniform numbers over the whole range of u8: noise scale^2 / 12, signal
// 255^2 scale^2 / 3, so 10 log10(4 * 255^2) = 54.15 dB.
TEST(SqnrDb, OfUniformNumbersIsKnown) {
    const Histogram uniform = test::histogram_of(0, 1, 2048, std::vector<std::int64_t>(2048, 5));
    EXPECT_NEAR(sqnr_db(uniform, {0, 1}, IntegerType::u8), 54.15, 0.02);
    EXPECT_NEAR(sqnr_db(uniform, {-1, 1}, IntegerType::s8), 10 * std::log10(4.0 * 127 * 127), 0.02);
}

TEST(ClippedShare, CountsWhatLiesOutsideAndZeros) {
    const std::vector<float> numbers{-1, -0.25F, 0, 0, 0.25F, 0.75F, 0.75F, 1};
    Histogram histogram("x", -1, 1, 4);
    histogram.add(numbers);
    EXPECT_EQ(clipped_share(histogram, {-1, 1}), 0);
    EXPECT_EQ(clipped_share(histogram, {-1, 0.5F}), 3.0 / 8);
    EXPECT_EQ(clipped_share(histogram, {-0.5F, 0.5F}), 4.0 / 8);
    EXPECT_EQ(clipped_share(Histogram("x", -1, 1, 4), {0, 0}), 0);
}

} // namespace
} // namespace banyan
