#include "data/batch_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using Row = BatchPlan::Row;
using Set = BatchPlan::Set;

TEST(BatchPlan, EachBatchHoldsTheFairShareToWithinOneRow) {
    Random random(1);
    for (int round = 0; round < 100; ++round) {
        std::vector<Set> sets(static_cast<std::size_t>(random.integer(1, 7)));
        double ratio_sum = 0;
        for (Set& set : sets) {
            set = {random.integer(1, 50), random.uniform(0.01, 3)};
            ratio_sum += set.ratio;
        }
        const int batch_size = static_cast<int>(random.integer(1, 40));
        BatchPlan plan(sets, batch_size, 2);
        std::vector<double> dealt(sets.size());
        for (int batch = 1; batch <= 50; ++batch) {
            const std::vector<Row> rows = plan.next();
            ASSERT_EQ(rows.size(), static_cast<std::size_t>(batch_size));
            for (std::size_t set = 0; set < sets.size(); ++set) {
                const auto count = static_cast<double>(std::count_if(
                    rows.begin(), rows.end(), [set](const Row& row) { return row.dataset == static_cast<int>(set); }));
                const double fair = batch_size * sets[set].ratio / ratio_sum;
                EXPECT_LT(std::abs(count - fair), 1.001);
                dealt[set] += count;
                // In the long run the shares are exact: the debt does not grow with the number of batches.
                EXPECT_LT(std::abs(dealt[set] - fair * batch), 3) << "batch " << batch;
            }
        }
    }
}

TEST(BatchPlan, EveryEpochVisitsEveryRecordOnce) {
    BatchPlan plan({{7, 1.0}, {5, 2.0}}, 3, 3);
    std::map<int, std::vector<std::int64_t>> seen;
    for (int batch = 0; batch < 70; ++batch) {
        for (const Row& row : plan.next()) seen[row.dataset].push_back(row.record);
    }
    const std::vector<std::int64_t> sizes = {7, 5};
    for (const auto& [set, records] : seen) {
        const std::int64_t size = sizes[static_cast<std::size_t>(set)];
        EXPECT_EQ(records.size(), set == 0 ? 70U : 140U);
        for (auto first = records.begin(); records.end() - first >= size; first += size) {
            std::vector<std::int64_t> epoch(first, first + size);
            std::sort(epoch.begin(), epoch.end());
            for (std::int64_t i = 0; i < size; ++i) EXPECT_EQ(epoch[static_cast<std::size_t>(i)], i);
        }
    }
}

TEST(BatchPlan, EpochsDifferAndSeedsDiffer) {
    const auto order = [](std::uint64_t seed, int batches) {
        BatchPlan plan({{30, 1.0}}, 30, seed);
        std::vector<Row> rows;
        for (int i = 0; i < batches; ++i) rows = plan.next();
        return rows;
    };
    EXPECT_EQ(order(1, 1), order(1, 1));
    EXPECT_NE(order(1, 1), order(1, 2));
    EXPECT_NE(order(1, 1), order(2, 1));
}

TEST(BatchPlan, CanBeginAnywhere) {
    const std::vector<Set> sets = {{11, 0.3}, {4, 1.7}, {23, 0.9}};
    BatchPlan whole(sets, 5, 4);
    for (std::int64_t first = 0; first < 40; ++first) {
        BatchPlan resumed(sets, 5, 4, first);
        EXPECT_EQ(resumed.next(), whole.next()) << "batch " << first;
    }
}

TEST(BatchPlan, TinyRatiosAreStillServed) {
    BatchPlan plan({{3, 1e-3}, {3, 1.0}}, 4, 5);
    std::int64_t rare = 0;
    for (int batch = 0; batch < 1000; ++batch) {
        for (const Row& row : plan.next()) rare += row.dataset == 0 ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(rare), 4, 1);
}

TEST(BatchPlan, RefusesWhatCannotBeDealt) {
    const auto plan = [](const std::vector<Set>& sets, int size) { BatchPlan made(sets, size, 0); };
    expect_error<CheckError>([&] { plan({}, 4); }, {"0 data sets"});
    expect_error<CheckError>([&] { plan({{1, 1}}, 0); }, {"batch size 0"});
    expect_error<CheckError>([&] { plan({{0, 1}}, 4); }, {"0 records"});
    expect_error<CheckError>([&] { plan({{1, 0}}, 4); }, {"ratio 0"});
    expect_error<CheckError>([&] { plan({{1, std::numeric_limits<double>::infinity()}}, 4); }, {"ratio inf"});
}

} // namespace
} // namespace banyan
