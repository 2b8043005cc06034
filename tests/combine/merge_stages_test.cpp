#include "combine/merge_stages.h"

#include <gtest/gtest.h>

#include "combine/merge_outcome.h"
#include "core/atomic_file.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

std::vector<std::string> texts_of(const std::vector<PredictedPlan>& plans) {
    std::vector<std::string> texts;
    for (const PredictedPlan& plan : plans) texts.push_back(plan_text(plan.plan));
    return texts;
}

TEST(PlansToTry, AreTheBestOnesThatJoinTasks) {
    PlanPredictions plans = merge_outcome().plans;
    using Texts = std::vector<std::string>;
    EXPECT_EQ(texts_of(plans_to_try(plans, 2)), (Texts{"red+blue | green", "red | blue+green"}));
    EXPECT_EQ(plans_to_try(plans, 9).size(), 3U);
    // What is predicted to be worse than the network as it is need not be tried.
    plans.ranking.insert(plans.ranking.begin() + 1, predicted_plan("red | blue | green", 8, 0.985));
    EXPECT_EQ(texts_of(plans_to_try(plans, 9)), (Texts{"red+blue | green"}));
}

TEST(KeepsBudgetApart, LooksAtLatencyAndBranches) {
    const MergeAutoOutcome outcome = merge_outcome(); // 5 ms and three branches of 1 ms
    const auto keeps = [&](const std::string& budget) {
        return keeps_budget_apart(outcome.affinities.tasks, outcome.costs, merge_budget_from_text(budget, "test"));
    };
    EXPECT_TRUE(keeps("latency=8ms"));
    EXPECT_FALSE(keeps("latency=7.9ms"));
    EXPECT_TRUE(keeps("branches=3"));
    EXPECT_FALSE(keeps("branches=2"));
    EXPECT_FALSE(keeps("latency=9ms,branches=2"));
}

TEST(MergeLatencyFile, IsMeasuredOnceForTheSameTwoFiles) {
    const TempDir dir;
    const std::string before = dir.write("before", "a"), after = dir.write("after", "b"),
                      path = dir.file("latency.json");
    int calls = 0;
    const ModelFileMeter meter = [&](const std::vector<std::string>& files) {
        EXPECT_EQ(files, (std::vector<std::string>{before, after}));
        ++calls;
        return std::vector<LatencySamples>{{{2, 3, 4}}, {{1, 1, 1}}};
    };
    EXPECT_EQ(latency_of(path, before, after, meter)->before_ms, 3);
    EXPECT_EQ(latency_of(path, before, after, meter)->after_ms, 1);
    EXPECT_EQ(calls, 1);
    dir.write("after", "c");
    EXPECT_TRUE(latency_of(path, before, after, meter));
    EXPECT_EQ(calls, 2);
    write_file_atomically(path, "{\"hashes\": ");
    EXPECT_TRUE(latency_of(path, before, after, meter));
    EXPECT_EQ(calls, 3);
    const ModelFileMeter stopped = [](const std::vector<std::string>&) { return std::vector<LatencySamples>(); };
    dir.write("after", "d");
    EXPECT_FALSE(latency_of(path, before, after, stopped));
}

TEST(PredictionAgreement, ComparesOrdersOfAllCandidatesAndOfTheHealedOnes) {
    MergeAutoOutcome outcome = merge_outcome();
    const PredictionAgreement agreement = prediction_agreement(outcome); // predicted 3 2 1, transplanted 2 3 1
    EXPECT_DOUBLE_EQ(agreement.transplanted.value(), 0.5);
    EXPECT_FALSE(agreement.healed);
    EXPECT_EQ(agreement.healed_candidates, 2U);
    outcome.candidates[2].verdict = outcome.candidates[0].verdict;
    outcome.candidates[2].verdict->comparison.mean.ap.sides[0].estimate = 0.1; // healed 2 3 1
    EXPECT_DOUBLE_EQ(prediction_agreement(outcome).healed.value(), 0.5);
}

} // namespace
} // namespace banyan::test
