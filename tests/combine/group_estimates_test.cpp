#include "combine/group_estimates.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/shared_data.h"

namespace banyan::test {
namespace {

/// Three tasks; the pairs say that a and b get on, the network of all three says otherwise.
constexpr const char* kTable = "2\t2\t2\n" // half-size
                               "1\t\t\n\t1\t\n\t\t1\n"
                               "0.5\t0.5\n1.5\t\t1\n\t1\t2\n"
                               "0.25\t0.75\t1.25\n";

TEST(EstimatedNetworks, TakeTheMeanOfThePairs) {
    const SubsetTable table = parse_subset_table(kTable, "t.txt");
    const std::vector<GroupCandidate> networks = estimated_networks(table, GroupEstimate::pairs);
    ASSERT_EQ(networks.size(), table.networks.size());
    for (std::size_t i = 0; i + 1 < networks.size(); ++i) {
        for (std::size_t t = 0; t < 3; ++t) {
            if ((networks[i].tasks >> t & 1U) != 0) {
                EXPECT_EQ(networks[i].losses[t], table.networks[i].losses[t]);
            }
        }
    }
    EXPECT_EQ(networks.back().losses, (std::vector<double>{(0.5 + 1.5) / 2, (0.5 + 1) / 2, (1.0 + 2) / 2}));
    EXPECT_EQ(estimated_networks(table, GroupEstimate::exact).back().losses, table.networks.back().losses);
}

TEST(EstimatedNetworks, ScoreByMeanAffinity) {
    const SubsetTable table =
        parse_subset_table("4\t1\t3\n2\t\t\n\t0.5\t\n\t\t1\n1\t0.25\n3\t\t1\n\t1\t2\n9\t9\t9\n", "t.txt");
    const std::vector<GroupCandidate> networks = estimated_networks(table, GroupEstimate::tag);
    EXPECT_EQ(networks[0].losses[0], 2) << "the half-size network, relative to the full one";
    EXPECT_EQ(networks[3].losses[0], 1) << "alone";
    EXPECT_EQ(networks[6].losses[1], 0.5) << "a pair";
    const double of_b = 1 - 1.0 / 2, of_c = 1 - 3.0 / 2; // affinities onto the first task
    EXPECT_DOUBLE_EQ(networks.back().losses[0], 1 - (of_b + of_c) / 2);
}

TEST(EstimatedNetworks, NeedThePairs) {
    const SubsetTable table = parse_subset_table("1\t1\t1\n1\t1\t1\n1\t1\n1\t\t1\n", "t.txt");
    expect_error<DataError>([&] { estimated_networks(table, GroupEstimate::pairs); },
                            {"t.txt", "task2 and task3", "--estimate exact"});
    const SubsetTable zero = parse_subset_table("0\t1\n", "t.txt");
    expect_error<DataError>([&] { estimated_networks(zero, GroupEstimate::tag); }, {"above 0", "task1"});
}

TEST(BudgetRegrets, AreTheTrueLossesOfThePlansThatTheEstimatesTake) {
    const SubsetTable table = parse_subset_table(kTable, "t.txt");
    const std::vector<BudgetRegret> rows = budget_regrets(table, nullptr, {});
    ASSERT_FALSE(rows.empty());
    const BudgetRegret& last = rows.back();
    // Truth: all three in one for a, the pair for b, c alone. The pairs hide the first.
    EXPECT_DOUBLE_EQ(last.optimum.loss, 0.25 + 0.5 + 1);
    ASSERT_EQ(last.choices.size(), 2U);
    EXPECT_EQ(last.choices[0].estimate, "pairs");
    EXPECT_DOUBLE_EQ(last.choices[0].grouping.loss, 0.5 + 0.5 + 1);
    EXPECT_DOUBLE_EQ(last.choices[0].regret, 0.25);
    EXPECT_FALSE(last.choices[0].reported_loss.has_value());
}

TEST(BudgetRegrets, AreNoneWithoutAPlanWithinTheLimits) {
    SearchOptions options;
    options.max_cost = 1; // three half-size networks cost 1.5, that of all three tasks 1
    const SubsetTable table = parse_subset_table(kTable, "t.txt");
    EXPECT_EQ(budget_regrets(table, nullptr, options).size(), 1U);
    options.max_cost = 0.9;
    EXPECT_TRUE(budget_regrets(table, nullptr, options).empty());
}

TEST(BudgetRegrets, AreNeverBelowZeroOnThePublishedTables) {
    if (!has_shared_data("data/taskgrouping")) GTEST_SKIP() << "needs data/taskgrouping";
    for (const std::string name : {"results", "results_large"}) {
        const SubsetTable table = load_subset_table(shared_path("data/taskgrouping/" + name + ".txt"));
        const SubsetTable test = load_subset_table(shared_path("data/taskgrouping/" + name + "_test.txt"));
        const ReportedLosses reported = losses_in(table, test);
        const std::vector<BudgetRegret> rows = budget_regrets(table, &reported, {});
        EXPECT_GE(rows.size(), 4U);
        double before = INFINITY;
        for (const BudgetRegret& row : rows) {
            EXPECT_LE(row.optimum.loss, before);
            before = row.optimum.loss;
            for (const EstimatedChoice& choice : row.choices) {
                EXPECT_GE(choice.regret, 0);
                EXPECT_LE(choice.grouping.cost, row.budget);
                EXPECT_NEAR(*choice.reported_regret, *choice.reported_loss - *row.reported_loss, 1e-15);
            }
        }
    }
}

} // namespace
} // namespace banyan::test
