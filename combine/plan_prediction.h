#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "combine/group_costs.h"
#include "combine/group_prediction.h"
#include "combine/merge_budget.h"
#include "combine/merge_plan.h"

namespace banyan {

/// A merge plan with what it is expected to cost and to keep.
struct PredictedPlan {
    MergePlan plan;
    std::vector<double> group_costs;         ///< of the plan's groups
    double cost = 0;                         ///< of the whole network, trunk included
    double cost_deviation = 0;               ///< errors of trunk and branches taken as independent; 0 for branches
    double loss = 0;                         ///< weighted sum over tasks of 1 - relative accuracy
    double deviation = 0;                    ///< standard deviation of the loss
    double relative_accuracy = 1;            ///< weighted mean: of a network with a branch for each task it is 1
    std::vector<double> accuracies;          ///< [T] relative
    std::vector<double> accuracy_deviations; ///< [T]
};

/// What the search over merge plans found: DIR/plans.json.
struct PlanPredictions {
    std::vector<std::string> tasks;
    std::vector<double> weights;        ///< [T]
    std::string unit;                   ///< of costs: "ms", or "branches" where no latencies were measured
    double trunk = 0;                   ///< in that unit; 0 for branches
    std::string budget;                 ///< as text; "" without
    bool optimal = true;                ///< false: found by beam and local search
    PredictedPlan chosen;               ///< least loss within the budget
    std::vector<PredictedPlan> front;   ///< all that no plan beats in cost and loss, whatever the budget
    std::vector<PredictedPlan> ranking; ///< best plans within the budget, the chosen one first
    std::vector<PredictedPlan> wanted;  ///< PlanOptions::wanted, in that order; not in the file
};

struct PlanOptions {
    std::vector<double> weights; ///< [T] of the tasks' relative accuracies, >= 0; empty = all 1
    PredictionOptions prediction;
    std::size_t ranked = 10;         ///< plans of the ranking
    std::vector<MergePlan> wanted{}; ///< plans to predict beside it, whatever the budget
    std::string costs_file;          ///< for messages
};

/// Searches all merge plans (every task in one group) for those that keep the most accuracy.
/// @param costs  nullptr: every branch costs 1, and no latency can be limited
/// @throws UsageError one task only, a budget in another unit than the costs; DataError costs of other tasks; GateError
///         no plan keeps the budget, with the nearest
PlanPredictions predict_plans(const TaskAffinities& affinities, const GroupCosts* costs, const MergeBudget& budget,
                              const PlanOptions& options);

/// {"schema_version": 1, "tasks", "weights", "unit", "trunk", "budget", "optimal", "chosen": PLAN, "front": [PLAN],
/// "ranking": [PLAN]}, PLAN = {"groups": [{"tasks", "cost"}], "cost", "cost_deviation", "loss", "deviation",
/// "relative_accuracy", "accuracies": {task: {"mean", "deviation"}}}.
std::string plan_predictions_json(const PlanPredictions& predictions);
/// @throws IoError; DataError what is wrong, with its place
PlanPredictions load_plan_predictions(const std::string& path);

} // namespace banyan
