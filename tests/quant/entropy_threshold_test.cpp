#include "quant/entropy_threshold.h"

#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/quant/synthetic.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

/// KL(P || Q) of one threshold as the definition has it, bin by bin.
double slow_divergence(const std::vector<std::int64_t>& counts, std::size_t kept, std::size_t levels) {
    std::vector<double> p(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(kept)), q(kept, 0);
    std::vector<double> group_sum(levels, 0), group_filled(levels, 0);
    for (std::size_t j = 0; j < kept; ++j) {
        group_sum[j * levels / kept] += p[j];
        group_filled[j * levels / kept] += p[j] > 0 ? 1 : 0;
    }
    for (std::size_t j = 0; j < kept; ++j) {
        if (p[j] > 0) q[j] = group_sum[j * levels / kept] / group_filled[j * levels / kept];
    }
    for (std::size_t j = kept; j < counts.size(); ++j) p.back() += static_cast<double>(counts[j]);
    const double sum_p = std::accumulate(p.begin(), p.end(), 0.0), sum_q = std::accumulate(q.begin(), q.end(), 0.0);
    if (q.back() <= 0 && p.back() > 0) q.back() = 1e-6 * sum_q;
    if (sum_q <= 0) return std::numeric_limits<double>::infinity();
    const double all_q = std::accumulate(q.begin(), q.end(), 0.0);
    double divergence = 0;
    for (std::size_t j = 0; j < kept; ++j) {
        if (p[j] > 0) divergence += p[j] / sum_p * std::log((p[j] / sum_p) / (q[j] / all_q));
    }
    return divergence;
}

std::size_t slow_threshold(std::vector<std::int64_t> counts, std::size_t levels) {
    if (counts.size() > 1) counts[0] = counts[1];
    std::size_t best = counts.size();
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t kept = counts.size(); kept >= levels; --kept) {
        const double divergence = slow_divergence(counts, kept, levels);
        if (divergence >= least - 1e-12) continue;
        least = divergence;
        best = kept;
    }
    return best;
}

/// Numbers of a Laplace distribution of scale 1 in bins of [0, end], and `outliers` of them in the last bin.
std::vector<std::int64_t> laplace_counts(double end, std::size_t bins, std::int64_t outliers) {
    std::vector<std::int64_t> counts;
    for (std::size_t bin = 0; bin < bins; ++bin) {
        const double a = end * static_cast<double>(bin) / static_cast<double>(bins);
        counts.push_back(std::llround(1e9 * std::exp(-a) * (1 - std::exp(-end / static_cast<double>(bins)))));
    }
    counts.back() += outliers;
    return counts;
}

TEST(EntropyThreshold, EqualsTheDefinition) {
    Random random(21);
    int clipped = 0;
    for (int i = 0; i < 200; ++i) {
        const auto levels = static_cast<std::size_t>(random.integer(4, 128));
        const std::vector<std::int64_t> counts = test::random_counts(random, 260);
        const std::size_t kept = entropy_threshold(counts, levels);
        EXPECT_EQ(kept, slow_threshold(counts, levels)) << "case " << i << ", levels " << levels;
        clipped += kept < counts.size() ? 1 : 0;
    }
    EXPECT_GT(clipped, 20) << "the cases are to be such that the rule does something";
}

TEST(EntropyThreshold, EqualsTheDefinitionOnTensorsOfFullSize) {
    Random random(22);
    for (const std::size_t levels : {128U, 256U}) {
        const std::vector<std::int64_t> counts = test::random_counts(random, 2048);
        EXPECT_EQ(entropy_threshold(counts, levels), slow_threshold(counts, levels));
    }
}

TEST(EntropyThreshold, KeepsAUniformDistributionWhole) {
    EXPECT_EQ(entropy_threshold(std::vector<std::int64_t>(2048, 9), 128), 2048U);
    EXPECT_EQ(entropy_threshold(std::vector<std::int64_t>(2048, 9), 256), 2048U);
}

TEST(EntropyThreshold, ClipsFarOutliers) {
    const std::vector<std::int64_t> counts = laplace_counts(200, 2048, 100);
    const std::size_t kept = entropy_threshold(counts, 128);
    EXPECT_LT(kept, 1024U);
    EXPECT_GE(kept, 128U);
}

TEST(EntropyThreshold, ClipsAnOutlierBehindEmptyBins) {
    std::vector<std::int64_t> counts(2048, 0);
    for (std::size_t bin = 0; bin < 200; ++bin) counts[bin] = 100000 - 450 * static_cast<std::int64_t>(bin);
    counts.back() = 1;
    // Of 257 bins only the first two share a group, and the first has taken the second's count: nothing is lost.
    EXPECT_EQ(entropy_threshold(counts, 256), 257U);
}

TEST(EntropyThreshold, IsNotFooledByWhatAReluLeavesAtZero) {
    std::vector<std::int64_t> counts = laplace_counts(40, 2048, 100);
    const std::size_t without = entropy_threshold(counts, 256);
    counts[0] *= 100000;
    EXPECT_EQ(entropy_threshold(counts, 256), without);
}

TEST(EntropyThreshold, DoesNotDependOnHowManyNumbersThereAre) {
    Random random(23);
    std::vector<std::int64_t> counts = test::random_counts(random, 600);
    const std::size_t kept = entropy_threshold(counts, 64);
    for (std::int64_t& count : counts) count *= 1024;
    EXPECT_EQ(entropy_threshold(counts, 64), kept);
}

TEST(EntropyThreshold, KeepsAllOfFewBinsOfOneValueAndOfNothing) {
    EXPECT_EQ(entropy_threshold(std::vector<std::int64_t>(100, 3), 128), 100U);
    EXPECT_EQ(entropy_threshold(std::vector<std::int64_t>(300, 0), 128), 300U);
    std::vector<std::int64_t> constant(300, 0);
    constant.back() = 5;
    EXPECT_EQ(entropy_threshold(constant, 128), 300U);
    EXPECT_EQ(entropy_threshold(std::vector<std::int64_t>{4}, 1), 1U);
}

TEST(EntropyThreshold, RefusesNoLevels) {
    expect_error<CheckError>([] { entropy_threshold(std::vector<std::int64_t>(8, 1), 0); }, {"level"});
}

} // namespace
} // namespace banyan
