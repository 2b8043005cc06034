#include "combine/grouping_problem.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>

#include "core/check.h"

namespace banyan {

namespace {

std::size_t checked_task_count(std::size_t count) {
    BANYAN_CHECK(count >= 1 && count <= kMostTasks, "1 to ", kMostTasks, " tasks can be grouped, got ", count);
    return count;
}

void check_options(std::size_t task_count, const SearchOptions& options) {
    const std::vector<double>& weights = options.weights;
    BANYAN_CHECK(weights.empty() || weights.size() == task_count, task_count, " weights expected, got ",
                 weights.size());
    const auto is_weight = [](double weight) { return std::isfinite(weight) && weight >= 0; };
    BANYAN_CHECK(std::all_of(weights.begin(), weights.end(), is_weight), "weights must be finite and not negative");
    BANYAN_CHECK(!std::isnan(options.max_cost), "the limit of the cost is NaN");
}

void check_candidate(std::size_t task_count, const GroupCandidate& candidate) {
    BANYAN_CHECK(candidate.tasks != 0 && (candidate.tasks & ~all_tasks(task_count)) == 0,
                 "a candidate has no task, or one that there is not");
    BANYAN_CHECK(std::isfinite(candidate.cost) && candidate.cost > 0, "a candidate's cost must be above 0, got ",
                 candidate.cost);
    BANYAN_CHECK(candidate.losses.size() == task_count, "a loss for each of ", task_count, " tasks expected, got ",
                 candidate.losses.size());
    BANYAN_CHECK(candidate.variances.empty() || candidate.variances.size() == task_count, "no variances expected, or ",
                 task_count);
    for (std::size_t t = 0; t < task_count; ++t) {
        if ((candidate.tasks >> t & 1U) == 0) continue;
        BANYAN_CHECK(std::isfinite(candidate.losses[t]), "a candidate's loss of a task of it is not finite");
        BANYAN_CHECK(candidate.variances.empty() || candidate.variances[t] >= 0, "a variance below 0 or NaN");
    }
}

double largest_cost(const std::vector<GroupCandidate>& candidates) {
    double largest = 0;
    for (const GroupCandidate& candidate : candidates) largest = std::max(largest, candidate.cost);
    return largest;
}

double largest_loss(const std::vector<GroupCandidate>& candidates, const std::vector<double>& weights) {
    double largest = 0;
    for (const GroupCandidate& candidate : candidates) {
        for (std::size_t t = 0; t < candidate.losses.size(); ++t) {
            if ((candidate.tasks >> t & 1U) == 0) continue;
            largest = std::max(largest, std::abs(candidate.losses[t]) * (weights.empty() ? 1 : weights[t]));
        }
    }
    return largest;
}

} // namespace

GroupingProblem::GroupingProblem(std::size_t task_count, const std::vector<GroupCandidate>& candidates,
                                 const SearchOptions& options)
    : task_count_(checked_task_count(task_count)), candidates_(candidates), options_(options),
      max_groups_(std::min(options.max_groups, task_count)), costs_(largest_cost(candidates)),
      losses_(largest_loss(candidates, options.weights)) {
    check_options(task_count, options);
    for (const GroupCandidate& candidate : candidates) check_candidate(task_count, candidate);
}

std::size_t GroupingProblem::server_of(std::size_t task, const std::vector<std::size_t>& chosen) const {
    std::size_t best = candidates_.size();
    const auto key = [&](std::size_t i) {
        return std::tuple(candidates_[i].losses[task], std::popcount(candidates_[i].tasks), i);
    };
    for (const std::size_t i : chosen) {
        if ((candidates_[i].tasks >> task & 1U) == 0) continue;
        if (best == candidates_.size() || key(i) < key(best)) best = i;
    }
    BANYAN_CHECK(best < candidates_.size(), "a grouping leaves a task out");
    return best;
}

double GroupingProblem::variance(const ChosenGroup& group) const {
    const GroupCandidate& candidate = candidates_[group.candidate];
    if (candidate.variances.empty()) return 0;
    double deviation = 0;
    for (std::size_t t = 0; t < task_count_; ++t) {
        if ((group.serves >> t & 1U) != 0) deviation += weight(t) * std::sqrt(candidate.variances[t]);
    }
    return deviation * deviation;
}

Grouping GroupingProblem::grouping(const std::vector<std::size_t>& chosen) const {
    Grouping grouping;
    std::int64_t whole_cost = 0, whole_loss = 0;
    for (std::size_t t = 0; t < task_count_; ++t) {
        const std::size_t server = server_of(t, chosen);
        whole_loss += loss(server, t);
        const auto is_server = [&](const ChosenGroup& group) { return group.candidate == server; };
        auto found = std::find_if(grouping.groups.begin(), grouping.groups.end(), is_server);
        if (found == grouping.groups.end()) {
            whole_cost += cost(server);
            found = grouping.groups.insert(found, {server, 0});
        }
        found->serves |= TaskSet{1} << t;
    }
    for (const ChosenGroup& group : grouping.groups) grouping.variance += variance(group);
    grouping.cost = costs_.value(whole_cost);
    grouping.loss = losses_.value(whole_loss);
    return grouping;
}

std::vector<Grouping> GroupingProblem::front(const std::vector<std::vector<std::size_t>>& choices) const {
    std::vector<Grouping> all;
    for (const std::vector<std::size_t>& chosen : choices) {
        Grouping candidate = grouping(chosen);
        const bool fits = costs_.whole(candidate.cost) <= max_cost() && candidate.groups.size() <= max_groups_;
        if (fits) all.push_back(std::move(candidate));
    }
    const auto key = [&](const Grouping& grouping) {
        int trained = 0;
        std::vector<std::size_t> indices;
        for (const ChosenGroup& group : grouping.groups) {
            trained += std::popcount(candidates_[group.candidate].tasks);
            indices.push_back(group.candidate);
        }
        return std::tuple(grouping.cost, grouping.loss, grouping.groups.size(), trained, std::move(indices));
    };
    std::sort(all.begin(), all.end(), [&](const Grouping& a, const Grouping& b) { return key(a) < key(b); });
    std::vector<Grouping> front;
    for (Grouping& candidate : all) {
        if (front.empty() || candidate.loss < front.back().loss) front.push_back(std::move(candidate));
    }
    return front;
}

Grouping grouping_of(const std::vector<GroupCandidate>& candidates, const std::vector<std::size_t>& chosen,
                     const SearchOptions& options) {
    BANYAN_CHECK(!candidates.empty() && !chosen.empty(), "a grouping needs a candidate");
    return GroupingProblem(candidates.front().losses.size(), candidates, options).grouping(chosen);
}

} // namespace banyan
