#include "quant/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/quant/synthetic.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<std::int64_t> counts_of(const Histogram& histogram) {
    return {histogram.counts().begin(), histogram.counts().end()};
}

TEST(ValueRange, TellsExtremesZerosAndWhatIsNotFinite) {
    ValueRange range;
    range.add(std::vector<float>{1, kNan, 0, -3, -0.0F, kInfinity, -kInfinity, 2});
    EXPECT_EQ(range, (ValueRange{-3, 2, 5, 2, 3}));
}

TEST(ValueRange, IsInfiniteWhileThereAreNoFiniteNumbers) {
    ValueRange range;
    range.add(std::vector<float>{kNan, kInfinity});
    EXPECT_EQ(range, (ValueRange{kInfinity, -kInfinity, 0, 0, 2}));
    const Histogram histogram("x", range);
    EXPECT_EQ(histogram.low(), 0);
    EXPECT_EQ(histogram.high(), 0);
}

TEST(ValueRange, MergedPartsEqualTheWhole) {
    const std::vector<float> numbers = test::normal_numbers(1000, 3);
    const std::span<const float> all(numbers);
    ValueRange whole, first, second;
    whole.add(all);
    first.add(all.first(300));
    second.add(all.subspan(300));
    first.merge(second);
    EXPECT_EQ(first, whole);
}

TEST(Histogram, PutsNumbersIntoBinsOfOneWidth) {
    Histogram histogram("x", 0, 4, 4);
    histogram.add(std::vector<float>{0.5F, 1, 1.5F, 3.9F, 4, 0});
    EXPECT_EQ(histogram.bin_width(), 1);
    EXPECT_EQ(counts_of(histogram), (std::vector<std::int64_t>{1, 2, 0, 2}));
    EXPECT_EQ(histogram.zeros(), 1);
    EXPECT_EQ(histogram.finite(), 6);
}

TEST(Histogram, HasAnEdgeAtZero) {
    Histogram histogram("x", -1.25F, 4, 4);
    EXPECT_EQ(histogram.negative_bins(), 2U);
    EXPECT_EQ(histogram.positive_bins(), 4U);
    EXPECT_EQ(histogram.edge(2), 0);
    EXPECT_EQ(histogram.edge(6), 4);
    histogram.add(std::vector<float>{-1.25F, -0.5F, 0.5F});
    EXPECT_EQ(counts_of(histogram), (std::vector<std::int64_t>{1, 1, 1, 0, 0, 0}));
}

TEST(Histogram, NeverBinsWhatIsNotFinite) {
    Histogram histogram("x", -1, 1, 4);
    histogram.add(std::vector<float>{kNan, -kNan, kInfinity, -kInfinity, 0.1F});
    EXPECT_EQ(histogram.non_finite(), 4);
    EXPECT_EQ(histogram.finite(), 1);
    EXPECT_EQ(histogram.outside(), 0);
}

TEST(Histogram, ClampsAndCountsWhatTheFirstPassHadNotSeen) {
    Histogram histogram("x", -1, 2, 2);
    histogram.add(std::vector<float>{-5, 3e38F, 2, -1});
    EXPECT_EQ(counts_of(histogram), (std::vector<std::int64_t>{2, 0, 2}));
    EXPECT_EQ(histogram.outside(), 2);
}

TEST(Histogram, TakesConstantTensorsAndExtremes) {
    for (const float constant : {3.0F, -3.0F, 3e38F, -1e-42F}) {
        ValueRange range;
        range.add(std::vector<float>(10, constant));
        Histogram histogram("x", range);
        histogram.add(std::vector<float>(10, constant));
        const std::vector<std::int64_t> counts = counts_of(histogram);
        EXPECT_EQ(counts.size(), Histogram::kBins);
        EXPECT_EQ(constant > 0 ? counts.back() : counts.front(), 10) << constant;
        EXPECT_EQ(histogram.outside(), 0);
    }
    Histogram zeros("x", 0, 0);
    zeros.add(std::vector<float>{0, -0.0F, 7});
    EXPECT_EQ(zeros.zeros(), 2);
    EXPECT_EQ(zeros.outside(), 1);
    EXPECT_EQ(zeros.finite(), 3);
}

TEST(Histogram, MergedPartsEqualTheWhole) {
    const std::vector<float> numbers = test::normal_numbers(2000, 4);
    const std::span<const float> all(numbers);
    Histogram whole("x", -2, 3), first("x", -2, 3), second("x", -2, 3);
    whole.add(all);
    first.add(all.first(700));
    second.add(all.subspan(700));
    first.merge(second);
    EXPECT_EQ(counts_of(first), counts_of(whole));
    EXPECT_EQ(first.outside(), whole.outside());
    EXPECT_GT(whole.outside(), 0);
}

TEST(Histogram, FoldsIntoThatOfMagnitudes) {
    for (const auto& [low, high] : {std::pair{-2.0F, 3.0F}, std::pair{-3.0F, 0.5F}, std::pair{-3.0F, 0.0F}}) {
        std::vector<float> numbers = test::normal_numbers(2000, 5);
        for (float& x : numbers) x = std::clamp(x, low, high);
        std::vector<float> sizes = numbers;
        for (float& x : sizes) x = std::fabs(x);
        Histogram both("x", low, high, 64), magnitudes("x", 0, 3, 64);
        both.add(numbers);
        magnitudes.add(sizes);
        EXPECT_EQ(counts_of(both.magnitudes()), counts_of(magnitudes)) << low;
        EXPECT_EQ(both.magnitudes().zeros(), magnitudes.zeros());
        EXPECT_EQ(both.magnitudes().high(), 3);
    }
}

TEST(Histogram, RefusesBadBoundsAndForeignParts) {
    expect_error<CheckError>([] { Histogram("conv1", 1, 2); }, {"conv1", "low <= 0 <= high"});
    expect_error<CheckError>([] { Histogram("conv1", -kInfinity, 2); }, {"conv1"});
    expect_error<CheckError>([] { Histogram("conv1", 0, kNan); }, {"conv1"});
    expect_error<CheckError>([] { Histogram("conv1", 0, 1, 0); }, {"conv1", "bin"});
    Histogram histogram("conv1", 0, 1);
    expect_error<CheckError>([&] { histogram.merge(Histogram("conv2", 0, 1)); }, {"conv1", "conv2"});
    expect_error<CheckError>([&] { histogram.merge(Histogram("conv1", 0, 2)); }, {"conv1", "[0, 2]"});
    expect_error<CheckError>([&] { histogram.merge(Histogram("conv1", 0, 1, 4)); }, {"conv1"});
}

} // namespace
} // namespace banyan
