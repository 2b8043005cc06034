#include "core/assignment.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "support/expect_error.h"

namespace banyan::test {
namespace {

using Costs = std::vector<std::vector<double>>;

Costs random_costs(std::size_t rows, std::size_t columns, Random& random, bool ties) {
    Costs cost(rows, std::vector<double>(columns));
    for (std::vector<double>& row : cost) {
        for (double& value : row) value = ties ? static_cast<double>(random.integer(-3, 3)) : random.uniform(-5, 5);
    }
    return cost;
}

double total(const Costs& cost, const std::vector<std::size_t>& columns) {
    double sum = 0;
    for (std::size_t row = 0; row < cost.size(); ++row) sum += cost[row][columns[row]];
    return sum;
}

/// Over all ways to give the rows different columns.
double least_total(const Costs& cost) {
    std::vector<std::size_t> columns(cost.front().size());
    std::iota(columns.begin(), columns.end(), 0U);
    double best = std::numeric_limits<double>::infinity();
    do {
        best = std::min(best, total(cost, columns));
    } while (std::next_permutation(columns.begin(), columns.end()));
    return best;
}

TEST(Assign, EqualsTheBestOfAllPermutations) {
    Random random(3);
    for (int i = 0; i < 300; ++i) {
        const auto columns = static_cast<std::size_t>(random.integer(1, 7));
        const auto rows = static_cast<std::size_t>(random.integer(1, static_cast<std::int64_t>(columns)));
        const Costs cost = random_costs(rows, columns, random, i % 2 == 0);
        const std::vector<std::size_t> found = assign(cost);
        ASSERT_EQ(std::set<std::size_t>(found.begin(), found.end()).size(), rows) << "case " << i;
        EXPECT_NEAR(total(cost, found), least_total(cost), 1e-9) << "case " << i;
    }
}

TEST(Assign, FindsAHiddenPermutationOfManyRows) {
    constexpr std::size_t kRows = 192;
    Random random(4);
    std::vector<std::size_t> hidden(kRows);
    std::iota(hidden.begin(), hidden.end(), 0U);
    random.shuffle(hidden);
    Costs cost(kRows, std::vector<double>(kRows));
    for (std::size_t row = 0; row < kRows; ++row) {
        for (double& value : cost[row]) value = random.uniform(0, 1);
        cost[row][hidden[row]] = -1;
    }
    EXPECT_EQ(assign(cost), hidden);
}

TEST(Assign, TakesManyRandomRowsQuickly) {
    Random random(5);
    const Costs cost = random_costs(192, 192, random, false);
    const auto start = std::chrono::steady_clock::now();
    const std::vector<std::size_t> found = assign(cost);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
    EXPECT_EQ(std::set<std::size_t>(found.begin(), found.end()).size(), 192U);
}

TEST(Assign, RefusesWhatIsNoProblem) {
    EXPECT_TRUE(assign({}).empty());
    expect_error<CheckError>([] { assign({{1}, {2}}); }, {"2 rows", "1 columns"});
    expect_error<CheckError>([] { assign({{1, 2}, {2}}); }, {"row 1", "1 costs"});
    expect_error<CheckError>([] { assign({{1, std::numeric_limits<double>::quiet_NaN()}}); }, {"row 0", "not finite"});
}

} // namespace
} // namespace banyan::test
