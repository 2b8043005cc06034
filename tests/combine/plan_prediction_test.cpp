#include "combine/plan_prediction.h"

#include <cmath>

#include <gtest/gtest.h>

#include "combine/group_cost_model.h"
#include "core/error.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

/// Tasks of even and of odd number get on with their like: a pair costs 0.01, or 0.1 across.
TaskAffinities two_kinds(std::size_t count) {
    TaskAffinities affinities;
    AffinityMatrix drops = empty_matrix(kTransplantDrop, count);
    for (std::size_t i = 0; i < count; ++i) {
        affinities.tasks.push_back("t" + std::to_string(i));
        for (std::size_t j = 0; j < count; ++j) {
            if (i != j) drops.values[i][j] = {(i + j) % 2 == 0 ? 0.01 : 0.1, 0.001, 3};
        }
    }
    affinities.matrices.push_back(drops);
    return affinities;
}

/// Trunk 5 ms; a branch 2 ms and 0.1 ms a task; singles and pairs measured.
GroupCosts costs_of(const std::vector<std::string>& tasks) {
    GroupCosts costs;
    costs.trunk_ms = 5;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        costs.groups.push_back({{tasks[i]}, 2.1});
        for (std::size_t j = 0; j < i; ++j) costs.groups.push_back({{tasks[i], tasks[j]}, 2.2});
    }
    return costs;
}

MergeBudget budget_of(const std::string& text) { return merge_budget_from_text(text, "--budget"); }

TEST(GroupCostModel, MeasuresOrExtrapolates) {
    const std::vector<std::string> tasks{"a", "b", "c"};
    const GroupCostModel model(tasks, costs_of(tasks), "costs.json");
    EXPECT_TRUE(model.is_measured(0b011));
    EXPECT_FALSE(model.is_measured(0b111));
    EXPECT_EQ(model.latency_ms(0b011), 2.2);
    EXPECT_NEAR(model.latency_ms(0b111), 2.3, 1e-4);
    EXPECT_LT(model.error_ms(0b111), 1e-3) << "the measured ones lie on the model";
    GroupCosts odd = costs_of(tasks);
    odd.groups.push_back({{"a", "b", "c"}, 2});
    EXPECT_EQ(GroupCostModel(tasks, odd, "").latency_ms(0b111), 2) << "as measured, though below its parts";
    GroupCosts singles{0, 0, 0, 0, "", {{{"a"}, 1}, {{"b"}, 4}, {{"c"}, 1}}};
    EXPECT_GE(GroupCostModel(tasks, singles, "").latency_ms(0b011), 4);
}

TEST(GroupCostModel, RefusesCostsOfOtherTasks) {
    expect_error<DataError>(
        [] {
            GroupCostModel({"a"}, costs_of({"a", "hat"}), "costs.json");
        },
        {"costs.json", "\"hat\""});
    expect_error<DataError>(
        [] {
            GroupCostModel({"a", "b"}, costs_of({"a"}), "costs.json");
        },
        {"costs.json", "none for \"b\""});
}

TEST(PredictPlans, FindsThePlantedKinds) {
    for (const std::size_t count : {4U, 6U, 9U, 12U, 20U}) {
        const TaskAffinities affinities = two_kinds(count);
        const PlanPredictions result = predict_plans(affinities, nullptr, budget_of("branches=2"), {});
        ASSERT_EQ(result.chosen.plan.groups.size(), 2U) << count << " tasks";
        for (std::size_t g = 0; g < 2; ++g) {
            ASSERT_EQ(result.chosen.plan.groups[g].size(), count / 2 + (g == 0 ? count % 2 : 0));
            for (const std::string& name : result.chosen.plan.groups[g]) EXPECT_EQ(std::stoul(name.substr(1)) % 2, g);
        }
        EXPECT_EQ(result.optimal, count <= 10);
        EXPECT_EQ(result.unit, "branches");
        EXPECT_EQ(result.ranking.front().plan, result.chosen.plan);
    }
}

TEST(PredictPlans, KeepsALatencyWithItsTrunk) {
    const TaskAffinities affinities = two_kinds(4);
    GroupCosts costs = costs_of(affinities.tasks);
    costs.trunk_error_ms = 0.3;
    for (GroupCost& group : costs.groups) group.error_ms = 0.1;
    const PlanPredictions result = predict_plans(affinities, &costs, budget_of("latency=9.4ms"), {});
    EXPECT_EQ(plan_text(result.chosen.plan), "t0+t2 | t1+t3");
    EXPECT_NEAR(result.chosen.cost, 9.4, 1e-9);
    EXPECT_EQ(result.chosen.group_costs, (std::vector<double>{2.2, 2.2}));
    EXPECT_DOUBLE_EQ(result.chosen.cost_deviation, std::sqrt(0.3 * 0.3 + 2 * 0.1 * 0.1));
    EXPECT_NEAR(result.chosen.loss, 0.04, 1e-9);
    EXPECT_NEAR(result.chosen.relative_accuracy, 0.99, 1e-9);
    EXPECT_GT(result.chosen.deviation, 0);
    ASSERT_EQ(result.chosen.accuracies.size(), 4U);
    EXPECT_NEAR(result.chosen.accuracies[1], 0.99, 1e-9);
    EXPECT_EQ(result.front.back().plan.groups.size(), 4U) << "the whole front, whatever the budget";
    EXPECT_EQ(result.front.front().plan.groups.size(), 1U);
    for (const PredictedPlan& plan : result.ranking) EXPECT_LE(plan.cost, 9.4 + 1e-9);
    for (std::size_t i = 1; i < result.ranking.size(); ++i)
        EXPECT_GE(result.ranking[i].loss, result.ranking[i - 1].loss - 1e-12);
}

TEST(PredictPlans, WeighsTasks) {
    TaskAffinities affinities = two_kinds(3);
    PlanOptions options;
    options.weights = {0, 1, 1}; // what t0 loses is nothing
    AffinityMatrix& drops = affinities.matrices.front();
    drops.values[1][0].mean = 0.5;
    drops.values[0][1].mean = 0;
    EXPECT_EQ(plan_text(predict_plans(affinities, nullptr, budget_of("branches=2"), options).chosen.plan),
              "t0+t1 | t2");
}

TEST(PredictPlans, TellsTheNearestPlanOfABudgetThatNoneKeeps) {
    const TaskAffinities affinities = two_kinds(4);
    const GroupCosts costs = costs_of(affinities.tasks);
    expect_error<GateError>([&] { predict_plans(affinities, &costs, budget_of("latency=7ms"), {}); },
                            {"--budget latency=7ms", "t0+t1+t2+t3 for 7.4 ms", "1 group"});
    expect_error<GateError>([&] { predict_plans(affinities, &costs, budget_of("latency=1ms"), {}); }, {"7.4 ms"});
    expect_error<UsageError>([&] { predict_plans(affinities, nullptr, budget_of("latency=7ms"), {}); }, {"--costs"});
    expect_error<UsageError>([&] { predict_plans(affinities, nullptr, budget_of("3"), {}); }, {"branches="});
    expect_error<UsageError>([&] { predict_plans(two_kinds(1), nullptr, {}, {}); }, {"2 to 30 tasks"});
}

TEST(PlanPredictions, ComeBackFromTheirFile) {
    const TaskAffinities affinities = two_kinds(4);
    const GroupCosts costs = costs_of(affinities.tasks);
    const PlanPredictions result = predict_plans(affinities, &costs, budget_of("branches=3"), {});
    const TempDir dir;
    const std::string text = plan_predictions_json(result);
    const PlanPredictions back = load_plan_predictions(dir.write("plans.json", text));
    EXPECT_EQ(plan_predictions_json(back), text);
    EXPECT_EQ(back.chosen.plan, result.chosen.plan);
    EXPECT_EQ(back.budget, "branches=3");
    EXPECT_EQ(back.ranking.size(), 10U);
    expect_error<DataError>([&] { load_plan_predictions(dir.write("bad.json", "{}")); }, {"bad.json"});
}

} // namespace
} // namespace banyan::test
