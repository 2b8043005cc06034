#include "combine/plan_prediction.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <optional>
#include <tuple>

#include "combine/group_cost_model.h"
#include "combine/limited_search.h"
#include "core/check.h"
#include "core/error.h"

namespace banyan {

namespace {

/// Groups of one network: what they cost and keep.
class PlanSearch {
public:
    PlanSearch(const TaskAffinities& affinities, const GroupCosts* costs, const PlanOptions& options)
        : tasks_(affinities.tasks), options_(options), predictor_(affinities, options.prediction) {
        if (costs == nullptr) return;
        costs_.emplace(tasks_, *costs, options.costs_file);
        trunk_ = costs->trunk_ms;
        trunk_error_ = costs->trunk_error_ms;
    }

    double trunk() const { return trunk_; }
    double weight(std::size_t task) const { return options_.weights.empty() ? 1 : options_.weights[task]; }

    GroupCandidate group(TaskSet tasks) const {
        GroupCandidate candidate = predictor_.predict(tasks);
        candidate.cost = costs_ ? costs_->latency_ms(tasks) : 1;
        return candidate;
    }

    SearchOptions limits(const MergeBudget& budget) const {
        SearchOptions search;
        search.weights = options_.weights;
        search.covers = false;
        if (budget.latency_ms) search.max_cost = *budget.latency_ms - trunk_;
        if (budget.branches) search.max_groups = static_cast<std::size_t>(*budget.branches);
        return search;
    }

    GroupSearch run(const SearchOptions& search) const {
        return search_all_groupings(
            tasks_.size(), [&](TaskSet tasks) { return group(tasks); }, search);
    }

    PredictedPlan described(const GroupSearch& search, const Grouping& grouping) const;
    PredictedPlan described(const MergePlan& plan) const;
    std::vector<PredictedPlan> ranking(const SearchOptions& search) const;
    std::vector<PredictedPlan> ranking(const GroupSearch& search) const;

private:
    const std::vector<std::string>& tasks_;
    const PlanOptions& options_;
    GroupPredictor predictor_;
    std::optional<GroupCostModel> costs_;
    double trunk_ = 0, trunk_error_ = 0;
};

PredictedPlan PlanSearch::described(const GroupSearch& search, const Grouping& grouping) const {
    PredictedPlan result;
    result.cost = trunk_ + grouping.cost;
    result.loss = grouping.loss;
    result.deviation = std::sqrt(grouping.variance);
    result.accuracies.resize(tasks_.size());
    result.accuracy_deviations.resize(tasks_.size());
    result.cost_deviation = trunk_error_;
    double weights = 0;
    for (std::size_t t = 0; t < tasks_.size(); ++t) weights += weight(t);
    if (weights > 0) result.relative_accuracy = 1 - grouping.loss / weights;
    for (const ChosenGroup& chosen : grouping.groups) {
        const GroupCandidate& group = search.candidates[chosen.candidate];
        result.group_costs.push_back(group.cost);
        if (costs_) result.cost_deviation = std::hypot(result.cost_deviation, costs_->error_ms(group.tasks));
        std::vector<std::string>& names = result.plan.groups.emplace_back();
        for (std::size_t t = 0; t < tasks_.size(); ++t) {
            if ((group.tasks >> t & 1U) == 0) continue;
            names.push_back(tasks_[t]);
            result.accuracies[t] = 1 - group.losses[t];
            result.accuracy_deviations[t] = std::sqrt(group.variances[t]);
        }
    }
    return result;
}

PredictedPlan PlanSearch::described(const MergePlan& plan) const {
    GroupSearch groups;
    std::vector<std::size_t> chosen;
    for (const std::vector<std::string>& names : plan.groups) {
        TaskSet set = 0;
        for (const std::string& name : names) {
            const auto place = std::find(tasks_.begin(), tasks_.end(), name);
            BANYAN_CHECK(place != tasks_.end(), "prediction: no task ", name);
            set |= TaskSet{1} << (place - tasks_.begin());
        }
        chosen.push_back(groups.candidates.size());
        groups.candidates.push_back(group(set));
    }
    return described(groups, grouping_of(groups.candidates, chosen, limits({})));
}

/// All partitions of the tasks, one after the other.
class Partitions {
public:
    Partitions(std::size_t task_count, std::function<void(const std::vector<TaskSet>&)> visit)
        : task_count_(task_count), visit_(std::move(visit)) {
        place(0);
    }

private:
    void place(std::size_t task) {
        if (task == task_count_) return visit_(groups_);
        const TaskSet bit = TaskSet{1} << task;
        for (std::size_t i = 0; i < groups_.size(); ++i) {
            groups_[i] |= bit;
            place(task + 1);
            groups_[i] ^= bit;
        }
        groups_.push_back(bit);
        place(task + 1);
        groups_.pop_back();
    }

    std::size_t task_count_;
    std::function<void(const std::vector<TaskSet>&)> visit_;
    std::vector<TaskSet> groups_;
};

/// Up to the number of tasks of an exact search all plans are looked at.
std::vector<PredictedPlan> PlanSearch::ranking(const SearchOptions& search) const {
    GroupSearch all;
    for (TaskSet tasks = 1; tasks <= all_tasks(tasks_.size()); ++tasks) all.candidates.push_back(group(tasks));
    struct Ranked {
        double loss = 0, cost = 0;
        std::vector<TaskSet> groups;
        auto order() const { return std::tie(loss, cost, groups); }
    };
    std::vector<Ranked> plans;
    const auto add = [&](const std::vector<TaskSet>& groups) {
        Ranked plan{0, 0, groups};
        for (const TaskSet set : groups) {
            const GroupCandidate& candidate = all.candidates[set - 1];
            plan.cost += candidate.cost;
            for (std::size_t t = 0; t < tasks_.size(); ++t) {
                if ((set >> t & 1U) != 0) plan.loss += weight(t) * candidate.losses[t];
            }
        }
        const bool fits = groups.size() <= search.max_groups && plan.cost <= search.max_cost * (1 + 1e-12);
        if (fits) plans.push_back(std::move(plan));
    };
    Partitions(tasks_.size(), add);
    const auto end = plans.begin() + static_cast<std::ptrdiff_t>(std::min(options_.ranked, plans.size()));
    std::partial_sort(plans.begin(), end, plans.end(),
                      [](const Ranked& a, const Ranked& b) { return a.order() < b.order(); });
    std::vector<PredictedPlan> ranking;
    for (auto plan = plans.begin(); plan != end; ++plan) {
        std::vector<std::size_t> chosen;
        for (const TaskSet set : plan->groups) chosen.push_back(set - 1);
        ranking.push_back(described(all, grouping_of(all.candidates, chosen, search)));
    }
    return ranking;
}

/// Of more tasks only those of the front.
std::vector<PredictedPlan> PlanSearch::ranking(const GroupSearch& search) const {
    std::vector<PredictedPlan> ranking;
    const std::vector<Grouping>& front = search.result.front;
    for (auto plan = front.rbegin(); plan != front.rend() && ranking.size() < options_.ranked; ++plan)
        ranking.push_back(described(search, *plan));
    return ranking;
}

void check_request(const TaskAffinities& affinities, const GroupCosts* costs, const MergeBudget& budget,
                   const PlanOptions& options) {
    if (affinities.tasks.size() < 2 || affinities.tasks.size() > kMostTasks) {
        throw UsageError(ErrorText{"--affinities", "not tasks that can be merged",
                                   "2 to " + std::to_string(kMostTasks) + " tasks",
                                   std::to_string(affinities.tasks.size()), ""});
    }
    BANYAN_CHECK(options.weights.empty() || options.weights.size() == affinities.tasks.size(), "a weight for each of ",
                 affinities.tasks.size(), " tasks expected, got ", options.weights.size());
    if (budget.latency_ms && costs == nullptr) {
        throw UsageError(ErrorText{"--budget", "a latency without measured costs", "", "", "give --costs"});
    }
    if (budget.cost) {
        throw UsageError(ErrorText{"--budget", "a cost without a unit", "latency=…ms, branches=… or both",
                                   merge_budget_text(budget), ""});
    }
}

} // namespace

PlanPredictions predict_plans(const TaskAffinities& affinities, const GroupCosts* costs, const MergeBudget& budget,
                              const PlanOptions& options) {
    check_request(affinities, costs, budget, options);
    const PlanSearch plans(affinities, costs, options);
    const SearchOptions limits = plans.limits(budget);
    const SearchWords words{affinities.tasks, costs != nullptr ? " ms" : "", plans.trunk()};
    const LimitedSearch found =
        search_within([&](const SearchOptions& search) { return plans.run(search); }, limits, words, budget);
    PlanPredictions result;
    result.tasks = affinities.tasks;
    for (std::size_t t = 0; t < result.tasks.size(); ++t) result.weights.push_back(plans.weight(t));
    result.unit = costs != nullptr ? "ms" : "branches";
    result.trunk = plans.trunk();
    result.budget = merge_budget_text(budget);
    result.optimal = found.limited.result.optimal;
    result.chosen = plans.described(found.limited, found.limited.result.best());
    for (const Grouping& grouping : found.whole.result.front)
        result.front.push_back(plans.described(found.whole, grouping));
    result.ranking = result.optimal ? plans.ranking(limits) : plans.ranking(found.limited);
    for (const MergePlan& plan : options.wanted) result.wanted.push_back(plans.described(plan));
    // Of plans whose losses differ by a rounding only, the search's comes first.
    const auto place = std::find_if(result.ranking.begin(), result.ranking.end(),
                                    [&](const PredictedPlan& ranked) { return ranked.plan == result.chosen.plan; });
    if (place != result.ranking.end()) std::rotate(result.ranking.begin(), place, std::next(place));
    return result;
}

} // namespace banyan
