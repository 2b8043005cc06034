#include "data/row_dealer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using Counts = RowDealer::Counts;
using Part = RowDealer::Part;

constexpr std::uint64_t kA = 1, kB = 2, kC = 4;

std::int64_t rows_of(const Counts& counts, const std::vector<Part>& parts, std::uint64_t group) {
    std::int64_t rows = 0;
    for (std::size_t p = 0; p < parts.size(); ++p) rows += (parts[p].groups & group) != 0 ? counts[p] : 0;
    return rows;
}

/// Rows of every part after so many batches, each of which must hold the minimum of every group and be full.
Counts dealt_rows(RowDealer& dealer, const std::vector<Part>& parts, int batch_size, std::int64_t minimum,
                  int batches) {
    std::uint64_t all = 0;
    for (const Part& part : parts) all |= part.groups;
    Counts sums(parts.size(), 0);
    for (int batch = 0; batch < batches; ++batch) {
        const Counts counts = dealer.deal();
        EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}), batch_size);
        EXPECT_GE(*std::min_element(counts.begin(), counts.end()), 0);
        for (std::uint64_t group = 1; group <= all && group != 0; group <<= 1) {
            if ((all & group) == 0) continue;
            EXPECT_GE(rows_of(counts, parts, group), minimum) << "batch " << batch;
        }
        for (std::size_t p = 0; p < parts.size(); ++p) sums[p] += counts[p];
    }
    return sums;
}

/// Largest distance of the rows dealt from the fair shares.
double largest_debt(const Counts& sums, const std::vector<double>& expected, int batches) {
    double debt = 0;
    for (std::size_t p = 0; p < sums.size(); ++p) {
        debt = std::max(debt, std::abs(static_cast<double>(sums[p]) - expected[p] * batches));
    }
    return debt;
}

TEST(RowDealer, GivesEveryGroupItsMinimumAndKeepsTheShares) {
    // Each half a row a batch on average, so plain dealing leaves some batches without either.
    const std::vector<Part> parts{{0.5, kA}, {0.5, kA}, {7, kB}};
    RowDealer dealer(parts, 8, 1);
    constexpr int kBatches = 1000;
    const Counts sums = dealt_rows(dealer, parts, 8, 1, kBatches);
    EXPECT_LT(largest_debt(sums, {0.5, 0.5, 7}, kBatches), 3);
}

TEST(RowDealer, RaisesSharesByWhichAGroupWouldFallShort) {
    const std::vector<Part> parts{{9, kA}, {0.75, kB}, {0.25, kB}};
    RowDealer dealer(parts, 8, 2);
    const std::vector<double> expected = dealer.expected_rows(); // of group B 2, in its parts' proportion
    EXPECT_NEAR(expected[0], 6, 1e-6);
    EXPECT_NEAR(expected[1], 1.5, 1e-6);
    EXPECT_NEAR(expected[2], 0.5, 1e-6);
    const Counts sums = dealt_rows(dealer, parts, 8, 2, 1000);
    EXPECT_LT(largest_debt(sums, expected, 1000), 3);
}

TEST(RowDealer, LeavesSharesAloneThatSufficeOnAverage) {
    const RowDealer dealer({{3, kA}, {3, kB}, {2, 0}}, 8, 3);
    EXPECT_NEAR(dealer.expected_rows()[2], 2, 1e-6);
}

TEST(RowDealer, CountsARowForAllItsGroups) {
    const std::vector<Part> parts{{1, kA | kB}, {8, kC}};
    RowDealer dealer(parts, 4, 2); // 2 rows for A and B, 2 for C
    dealt_rows(dealer, parts, 4, 2, 100);
}

TEST(RowDealer, KeepsThePlainDealWhereNothingIsShort) {
    const std::vector<Part> parts{{3, kA}, {2.3, kB}, {4.1, kA | kB}};
    RowDealer plain(parts, 10), wished(parts, 10, 2);
    for (int batch = 0; batch < 200; ++batch) EXPECT_EQ(plain.deal(), wished.deal());
}

TEST(RowDealer, RefusesWhatNoBatchCanHold) {
    const std::vector<Part> parts{{1, kA}, {1, kB}, {1, kC}};
    expect_error<ConfigError>([&] { RowDealer(parts, 5, 2); }, {"at least 6 rows", "found 5", "branch_minimum"});
    EXPECT_NO_THROW(RowDealer(parts, 6, 2));
    expect_error<CheckError>([] { RowDealer({{0, kA}}, 4); }, {"ratio 0"});
}

/// Fewest rows in all with `minimum` of every group, by trying all counts.
std::int64_t fewest_rows(const std::vector<Part>& parts, std::int64_t minimum, std::size_t part, Counts& counts) {
    if (part == parts.size()) {
        for (const std::uint64_t group : {kA, kB, kC}) {
            const bool is_used =
                std::any_of(parts.begin(), parts.end(), [group](const Part& p) { return (p.groups & group) != 0; });
            if (is_used && rows_of(counts, parts, group) < minimum) return 1000;
        }
        return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    }
    std::int64_t fewest = 1000;
    for (counts[part] = 0; counts[part] <= minimum; ++counts[part]) {
        fewest = std::min(fewest, fewest_rows(parts, minimum, part + 1, counts));
    }
    counts[part] = 0;
    return fewest;
}

TEST(RowDealer, HoldsTheMinimumWheneverItAccepts) {
    Random random(5);
    int refused = 0, accepted = 0, needlessly = 0;
    for (int round = 0; round < 400; ++round) {
        std::vector<Part> parts(static_cast<std::size_t>(random.integer(1, 5)));
        for (Part& part : parts) {
            part = {random.uniform(0.01, 3), static_cast<std::uint64_t>(random.integer(0, 7))};
        }
        const auto batch_size = static_cast<int>(random.integer(1, 6));
        const std::int64_t minimum = random.integer(1, 2);
        Counts counts(parts.size(), 0);
        const bool possible = fewest_rows(parts, minimum, 0, counts) <= batch_size;
        try {
            RowDealer dealer(parts, batch_size, minimum);
            dealt_rows(dealer, parts, batch_size, minimum, 30);
            ++accepted;
            EXPECT_TRUE(possible);
        } catch (const ConfigError&) {
            ++refused;
            needlessly += possible ? 1 : 0;
        }
    }
    EXPECT_GT(accepted, 100);
    EXPECT_GT(refused, 50);
    EXPECT_LE(needlessly, 4); // the greedy cover of groups that overlap crosswise
}

TEST(RowDealer, KeepsDebtsSmallWithRandomDisjointGroups) {
    Random random(6);
    for (int round = 0; round < 50; ++round) {
        std::vector<Part> parts(static_cast<std::size_t>(random.integer(2, 7)));
        for (Part& part : parts) {
            part = {random.uniform(0.05, 3), std::uint64_t{1} << static_cast<unsigned>(random.integer(0, 2))};
        }
        const auto batch_size = static_cast<int>(random.integer(6, 20));
        RowDealer dealer(parts, batch_size, 2);
        constexpr int kBatches = 400;
        const Counts sums = dealt_rows(dealer, parts, batch_size, 2, kBatches);
        EXPECT_LT(largest_debt(sums, dealer.expected_rows(), kBatches), 6) << "round " << round;
    }
}

} // namespace
} // namespace banyan
