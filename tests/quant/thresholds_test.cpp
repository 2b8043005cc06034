#include "quant/thresholds.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "quant/entropy_threshold.h"
#include "quant/quantization_error.h"
#include "quant/range_search.h"
#include "tests/quant/error_twin.h"
#include "tests/quant/synthetic.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

RangeOptions options_of(IntegerType type) {
    RangeOptions options;
    options.type = type;
    return options;
}

/// The least error over every pair of edges, one by one, by the slow error. Widest first, as the search goes.
QuantRange slow_least_error_range(const Histogram& histogram, IntegerType type) {
    const double width = histogram.bin_width();
    const bool symmetric = type == IntegerType::s8;
    const std::size_t below_most = symmetric ? 0 : histogram.negative_bins();
    const std::size_t above_most =
        symmetric ? std::max(histogram.negative_bins(), histogram.positive_bins()) : histogram.positive_bins();
    QuantRange best;
    double least = std::numeric_limits<double>::max();
    for (std::size_t i = 0; i < (below_most + 1) * (above_most + 1) - 1; ++i) {
        const std::size_t below = below_most - i / (above_most + 1), above = above_most - i % (above_most + 1);
        const auto high = static_cast<float>(static_cast<double>(above) * width);
        QuantRange range{std::max(histogram.low(), static_cast<float>(-static_cast<double>(below) * width)),
                         std::min(histogram.high(), high)};
        if (symmetric) range = {-high, high};
        const double error = test::slow_squared_error(histogram, quantization_of(range, type), type);
        if (error >= least * (1 - 1e-9)) continue;
        least = error;
        best = range;
    }
    return best;
}

Histogram random_histogram(Random& random, float low, float high, std::size_t bins) {
    const Histogram empty("x", low, high, bins);
    std::vector<std::int64_t> counts = test::random_counts(random, empty.positive_bins());
    std::vector<std::int64_t> below = test::random_counts(random, empty.negative_bins() + 1);
    below.pop_back();
    counts.insert(counts.begin(), below.rbegin(), below.rend());
    return test::histogram_of(low, high, bins, counts);
}

/// Numbers of a distribution of |x| in the bins of [0, end], 2 million of them, and some at the end.
template <typename Tail>
Histogram histogram_of_tail(float end, std::size_t bins, std::int64_t outliers, const Tail& tail) {
    std::vector<std::int64_t> counts;
    for (std::size_t bin = 0; bin < bins; ++bin) {
        const double a = double{end} * static_cast<double>(bin) / static_cast<double>(bins);
        counts.push_back(std::llround(2e6 * (tail(a) - tail(a + double{end} / static_cast<double>(bins)))));
    }
    counts.back() += outliers;
    return test::histogram_of(0, end, bins, counts);
}

Histogram laplace(float end, std::int64_t outliers = 1) {
    return histogram_of_tail(end, 2048, outliers, [](double x) { return std::exp(-x); });
}

TEST(ChooseRange, MinMaxKeepsWhatWasSeen) {
    Histogram histogram("x", -0.5F, 2);
    histogram.add(std::vector<float>{-0.5F, 2});
    EXPECT_EQ(choose_range(histogram, RangeMethod::min_max), (QuantRange{-0.5F, 2}));
    EXPECT_EQ(choose_range(histogram, RangeMethod::min_max, options_of(IntegerType::s8)), (QuantRange{-2, 2}));
}

TEST(ChooseRange, PercentileCutsTheLargestNumbers) {
    const Histogram uniform = test::histogram_of(0, 1, 1000, std::vector<std::int64_t>(1000, 10));
    RangeOptions options;
    options.percentile = 90;
    EXPECT_NEAR(choose_range(uniform, RangeMethod::percentile, options).high, 0.9F, 1e-6);
    options.type = IntegerType::s8;
    EXPECT_NEAR(choose_range(uniform, RangeMethod::percentile, options).low, -0.9F, 1e-6);

    // Two sides: of 2,000 + 1,000 bins alike, 5 % of all go at each end.
    const Histogram two_sided = test::histogram_of(-1, 2, 2000, std::vector<std::int64_t>(3000, 2));
    options.type = IntegerType::u8;
    const QuantRange range = choose_range(two_sided, RangeMethod::percentile, options);
    EXPECT_NEAR(range.low, -0.85F, 1e-6);
    EXPECT_NEAR(range.high, 1.85F, 1e-6);
}

TEST(ChooseRange, PercentileIsNotMovedByZeros) {
    Histogram histogram = test::histogram_of(0, 1, 1000, std::vector<std::int64_t>(1000, 10));
    const QuantRange before = choose_range(histogram, RangeMethod::percentile);
    histogram.add(std::vector<float>(1000000, 0.0F));
    EXPECT_EQ(choose_range(histogram, RangeMethod::percentile), before);
}

TEST(ChooseRange, PercentileGrowsWithTheShareAndNeverPassesTheMaximum) {
    Random random(31);
    for (int i = 0; i < 100; ++i) {
        const Histogram histogram = random_histogram(random, i % 2 == 0 ? 0.0F : -1.3F, 2.1F, 200);
        for (const IntegerType type : {IntegerType::u8, IntegerType::s8}) {
            QuantRange inner;
            for (const double percentile : {50.0, 90.0, 99.0, 99.9, 100.0}) {
                RangeOptions options = options_of(type);
                options.percentile = percentile;
                const QuantRange range = choose_range(histogram, RangeMethod::percentile, options);
                EXPECT_LE(range.low, inner.low);
                EXPECT_GE(range.high, inner.high);
                inner = range;
            }
            const QuantRange all = choose_range(histogram, RangeMethod::min_max, options_of(type));
            EXPECT_GE(inner.low, all.low);
            EXPECT_EQ(inner.high, all.high) << "100 % is all";
        }
    }
}

TEST(LeastErrorRange, EqualsTheBestOfAllEdges) {
    Random random(32);
    int clipped = 0;
    for (int i = 0; i < 100; ++i) {
        const Histogram histogram = random_histogram(random, i % 2 == 0 ? 0.0F : -1.3F, 2.1F, 200);
        const IntegerType type = i % 2 == 0 ? IntegerType::u8 : IntegerType::s8;
        const QuantRange range = least_error_range(histogram, type);
        EXPECT_EQ(range, slow_least_error_range(histogram, type)) << "case " << i << ": " << range.high;
        clipped += range.high < histogram.high() ? 1 : 0;
    }
    EXPECT_GT(clipped, 20);
}

TEST(LeastErrorRange, EqualsTheBestOfAllPairsOfEdges) {
    Random random(33);
    for (int i = 0; i < 100; ++i) {
        const auto low = static_cast<float>(-random.uniform(0.1, 2.1));
        const Histogram histogram = random_histogram(random, low, 2.1F, 24);
        EXPECT_EQ(least_error_range(histogram, IntegerType::u8), slow_least_error_range(histogram, IntegerType::u8))
            << "case " << i << ", low " << low;
    }
}

TEST(LeastErrorRange, IsNearTheBestPairOfManyEdges) {
    Random random(34);
    for (int i = 0; i < 5; ++i) {
        const Histogram histogram = random_histogram(random, static_cast<float>(-random.uniform(0.1, 2.1)), 2.1F, 90);
        const auto error_of = [&](const QuantRange& range) {
            return test::slow_squared_error(histogram, quantization_of(range, IntegerType::u8), IntegerType::u8);
        };
        EXPECT_LE(error_of(least_error_range(histogram, IntegerType::u8)),
                  1.01 * error_of(slow_least_error_range(histogram, IntegerType::u8)));
    }
}

TEST(ChooseRange, KeepsAUniformTensorWhole) {
    const Histogram uniform = test::histogram_of(0, 1, 2048, std::vector<std::int64_t>(2048, 10));
    for (const IntegerType type : {IntegerType::u8, IntegerType::s8}) {
        const RangeOptions options = options_of(type);
        EXPECT_EQ(choose_range(uniform, RangeMethod::kl, options).high, 1);
        EXPECT_GT(choose_range(uniform, RangeMethod::mse, options).high, 0.99F);
        const double best = sqnr_db(uniform, choose_range(uniform, RangeMethod::best, options), type);
        EXPECT_GE(sqnr_db(uniform, {type == IntegerType::s8 ? -1.0F : 0.0F, 1}, type), best - 0.05);
    }
}

// Laplace numbers of scale 1: clipping at a costs 2 exp(-a), rounding to 127 steps a^2 / (12 * 127^2); the sum is least
// where a = log(12 * 127^2 / a), at 9.88. As "ACIQ", arXiv:1810.05723, derives it.
TEST(ChooseRange, MseFindsTheOptimumOfLaplaceNumbers) {
    const QuantRange range = choose_range(laplace(40), RangeMethod::mse, options_of(IntegerType::s8));
    EXPECT_NEAR(range.high, 9.88F, 0.3F);
}

// The same for normal numbers: 2 integral of (x - a)^2 phi(x) above a + a^2 / (12 * 127^2) is least at 3.92.
TEST(ChooseRange, MseFindsTheOptimumOfNormalNumbers) {
    const auto tail = [](double x) { return std::erfc(x / std::sqrt(2.0)); };
    const Histogram normal = histogram_of_tail(8, 2048, 1, tail);
    EXPECT_NEAR(choose_range(normal, RangeMethod::mse, options_of(IntegerType::s8)).high, 3.92F, 0.15F);
}

TEST(ChooseRange, KlAndMseClipOutliers) {
    const Histogram histogram = laplace(100, 2);
    for (const IntegerType type : {IntegerType::u8, IntegerType::s8}) {
        const double whole = sqnr_db(histogram, choose_range(histogram, RangeMethod::min_max, options_of(type)), type);
        for (const RangeMethod method : {RangeMethod::kl, RangeMethod::mse}) {
            const QuantRange range = choose_range(histogram, method, options_of(type));
            EXPECT_LT(range.high, 60) << name_in(range_method_names(), method);
            EXPECT_GT(range.high, 4) << name_in(range_method_names(), method);
        }
        EXPECT_GT(sqnr_db(histogram, choose_range(histogram, RangeMethod::mse, options_of(type)), type), whole + 3);
    }
}

TEST(ChooseRange, ZerosDoNotFoolKl) {
    Histogram histogram = laplace(40, 10);
    const QuantRange before = choose_range(histogram, RangeMethod::kl);
    histogram.add(std::vector<float>(4000000, 0.0F));
    histogram.add(std::vector<float>(4000000, 1e-6F));
    EXPECT_EQ(choose_range(histogram, RangeMethod::kl), before);
}

TEST(ChooseRange, KlOfTwoSidesIsTheThresholdOfMagnitudesCutToWhatWasSeen) {
    Random random(35);
    // Longer side 4 of 4.5: 1 + floor(255 * 4 / 4.5) = 227 levels. Of a symmetric tensor 128.
    for (const auto& [low, levels] : {std::pair{-0.5F, 227U}, std::pair{-4.0F, 128U}}) {
        const Histogram histogram = random_histogram(random, low, 4, 1024);
        const Histogram magnitudes = histogram.magnitudes();
        const std::size_t kept = entropy_threshold(magnitudes.counts(), levels);
        const auto threshold = static_cast<float>(magnitudes.edge(kept));
        const QuantRange range = choose_range(histogram, RangeMethod::kl);
        EXPECT_EQ(range, (QuantRange{std::max(low, -threshold), threshold}));
    }
}

TEST(ChooseRange, KlOfSymmetricTensorsDoesNotDependOnTheType) {
    Random random(36);
    const Histogram histogram = random_histogram(random, -2, 2, 1024);
    EXPECT_EQ(choose_range(histogram, RangeMethod::kl),
              choose_range(histogram, RangeMethod::kl, options_of(IntegerType::s8)));
}

TEST(ChooseRange, BestHasTheLeastErrorOfItsCandidates) {
    Random random(37);
    for (int i = 0; i < 20; ++i) {
        const Histogram histogram = random_histogram(random, i % 2 == 0 ? 0.0F : -1.3F, 2.1F, 512);
        for (const IntegerType type : {IntegerType::u8, IntegerType::s8}) {
            RangeOptions options = options_of(type);
            options.candidates = {RangeMethod::min_max, RangeMethod::percentile, RangeMethod::kl};
            double highest = 0;
            for (const RangeMethod method : options.candidates) {
                highest = std::max(highest, sqnr_db(histogram, choose_range(histogram, method, options), type));
            }
            EXPECT_EQ(sqnr_db(histogram, choose_range(histogram, RangeMethod::best, options), type), highest);
        }
    }
}

TEST(ChooseRange, HoldsZeroInsideWhatWasSeen) {
    Random random(38);
    for (int i = 0; i < 12; ++i) {
        const float low = i % 3 == 0 ? 0.0F : -1.7F, high = i % 3 == 1 ? 0.0F : 0.9F;
        const Histogram empty("x", low, high, 300);
        const Histogram histogram =
            test::histogram_of(low, high, 300, test::random_counts(random, empty.counts().size()));
        for (const auto& [name, method] : range_method_names()) {
            const QuantRange range = choose_range(histogram, method);
            EXPECT_TRUE(low <= range.low && range.low <= 0 && 0 <= range.high && range.high <= high) << name;
            const QuantRange symmetric = choose_range(histogram, method, options_of(IntegerType::s8));
            EXPECT_EQ(symmetric.low, -symmetric.high) << name;
            EXPECT_LE(symmetric.high, std::max(-low, high)) << name;
            EXPECT_GT(range.high - range.low, 0) << name;
        }
    }
}

TEST(ChooseRange, KeepsConstantsAndTakesZeros) {
    for (const auto& [name, method] : range_method_names()) {
        Histogram constant("x", 0, 3), zeros("x", 0, 0);
        constant.add(std::vector<float>(10, 3.0F));
        zeros.add(std::vector<float>(10, 0.0F));
        EXPECT_NEAR(choose_range(constant, method).high, 3, 0.01) << name;
        EXPECT_EQ(choose_range(zeros, method), QuantRange{}) << name;
    }
}

TEST(ChooseRange, RefusesWhatIsNotFiniteAndNothing) {
    Histogram histogram("branches.face.tower", 0, 1);
    for (const auto& [name, method] : range_method_names()) {
        expect_error<CheckError>([&] { choose_range(histogram, method); }, {"branches.face.tower", "empty"});
    }
    histogram.add(std::vector<float>{0.5F, std::nanf("")});
    for (const auto& [name, method] : range_method_names()) {
        expect_error<CheckError>([&] { choose_range(histogram, method); }, {"branches.face.tower", "1 were NaN"});
    }
}

TEST(ChooseRange, RefusesOptionsOutOfRange) {
    Histogram histogram("x", 0, 1);
    histogram.add(std::vector<float>{0.5F});
    for (const double percentile : {0.0, -1.0, 100.5, std::nan("")}) {
        RangeOptions options;
        options.percentile = percentile;
        expect_error<CheckError>([&] { choose_range(histogram, RangeMethod::percentile, options); }, {"(0, 100]"});
    }
    RangeOptions options;
    options.candidates = {RangeMethod::best};
    expect_error<CheckError>([&] { choose_range(histogram, RangeMethod::best, options); }, {"its own candidates"});
    options.candidates.clear();
    expect_error<CheckError>([&] { choose_range(histogram, RangeMethod::best, options); }, {"no methods"});
}

TEST(RangeMethodNames, NameEachMethodOnce) {
    EXPECT_EQ(range_method_names().size(), 5U);
    EXPECT_EQ(name_in(range_method_names(), RangeMethod::min_max), "min_max");
    EXPECT_EQ(name_in(range_method_names(), RangeMethod::best), "best");
}

} // namespace
} // namespace banyan
