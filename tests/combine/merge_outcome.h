#pragma once

#include <string>
#include <vector>

#include "combine/merge_auto.h"

namespace banyan::test {

/// AP of one row: sides with intervals of ± 0.01, differences of the first to the others.
inline BootstrapRow bootstrap_row(const std::string& name, const std::vector<double>& sides) {
    BootstrapRow row;
    row.name = name;
    for (const double ap : sides) row.ap.sides.push_back({ap, ap - 0.01, ap + 0.01});
    for (std::size_t i = 1; i < sides.size(); ++i) {
        const double difference = sides[0] - sides[i];
        row.ap.differences.push_back({difference, difference - 0.01, difference + 0.01, 0.5});
    }
    row.ap50 = row.ap;
    return row;
}

inline PredictedPlan predicted_plan(const std::string& plan, double cost, double accuracy) {
    PredictedPlan predicted;
    predicted.plan = plan_from_text(plan, "test");
    predicted.group_costs.assign(predicted.plan.groups.size(), 1);
    predicted.cost = cost;
    predicted.cost_deviation = 0.1;
    predicted.loss = 3 * (1 - accuracy);
    predicted.deviation = 0.03;
    predicted.relative_accuracy = accuracy;
    predicted.accuracies.assign(3, accuracy);
    predicted.accuracy_deviations.assign(3, 0.01);
    return predicted;
}

/// Three tasks, three candidates, of which the first was healed and lost, and the second was accepted.
inline MergeAutoOutcome merge_outcome() {
    MergeAutoOutcome outcome;
    outcome.affinities = {{"red", "blue", "green"}, {empty_matrix(kLookAhead, 3)}, 100, "m"};
    outcome.costs.trunk_ms = 5;
    outcome.costs.target = "2 threads, test";
    for (const char* task : {"red", "blue", "green"})
        outcome.costs.groups.push_back({{task}, 1, 0.1, 1000000, 2000000});
    PlanPredictions& plans = outcome.plans;
    plans.tasks = outcome.affinities.tasks;
    plans.weights = {1, 1, 1};
    plans.ranking = {predicted_plan("red+blue | green", 7, 0.99), predicted_plan("red | blue+green", 7, 0.98),
                     predicted_plan("red+green | blue", 7, 0.97)};
    plans.front = {predicted_plan("red+blue+green", 6, 0.95), plans.ranking[0],
                   predicted_plan("red | blue | green", 8, 1)};
    plans.chosen = plans.ranking[0];
    const std::vector<double> before{0.5, 0.48, 0.49, 0.47}, healed{0.47, 0.505};
    for (std::size_t i = 0; i < plans.ranking.size(); ++i) {
        MergeCandidate candidate{plans.ranking[i],
                                 {plans.ranking[i].plan, 7.1 + 0.1 * static_cast<double>(i), 0.1},
                                 "candidates/" + std::to_string(i + 1),
                                 std::nullopt};
        if (i < healed.size()) {
            CandidateVerdict& verdict = candidate.verdict.emplace();
            verdict.model = candidate.model;
            verdict.plan = candidate.predicted.plan;
            verdict.runs = {"run-1", "run-2"};
            verdict.accepted = i == 1;
            for (const std::string& task : plans.tasks) {
                verdict.comparison.tasks.push_back(bootstrap_row(task, {healed[i], 0.5, before[i + 1]}));
            }
            verdict.comparison.mean = bootstrap_row("mean", {healed[i], 0.5, before[i + 1]});
            verdict.least_difference = least_difference_points(verdict.comparison);
        }
        outcome.candidates.push_back(std::move(candidate));
    }
    for (const std::string& task : plans.tasks) outcome.transplanted.tasks.push_back(bootstrap_row(task, before));
    outcome.transplanted.mean = bootstrap_row("mean", before);
    outcome.accepted = 1;
    outcome.unmerged_latency = PlanLatency{plan_from_text("red | blue | green", "test"), 8, 0.1};
    outcome.too_slow = {{plan_from_text("red+green | blue", "test"), 9, 0.1}};
    outcome.parameters_before = 3000000;
    outcome.parameters_after = 2500000;
    return outcome;
}

} // namespace banyan::test
