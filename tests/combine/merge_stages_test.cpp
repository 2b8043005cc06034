#include "combine/merge_stages.h"

#include <gtest/gtest.h>

#include "combine/merge_outcome.h"

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
    EXPECT_EQ(texts_of(plans_to_try(plans, true)), (Texts{"red+blue | green", "red | blue+green", "red+green | blue"}));
    // What is predicted to be worse than the network as it is need not be tried.
    plans.ranking.insert(plans.ranking.begin() + 1, predicted_plan("red | blue | green", 8, 0.985));
    EXPECT_EQ(texts_of(plans_to_try(plans, true)), (Texts{"red+blue | green"}));
    EXPECT_EQ(plans_to_try(plans, false).size(), 3U);
}

TEST(KeepsLatency, UnlessItIsSurelyLonger) {
    const MergePlan plan = plan_from_text("red+blue", "test");
    const auto keeps = [&](double ms, const std::string& budget) {
        return keeps_latency({plan, ms, 0.1}, merge_budget_from_text(budget, "test"));
    };
    EXPECT_TRUE(keeps(8, "latency=8ms"));
    EXPECT_TRUE(keeps(8.15, "latency=8ms"));
    EXPECT_FALSE(keeps(8.25, "latency=8ms,branches=3"));
    EXPECT_TRUE(keeps(100, "branches=1"));
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
