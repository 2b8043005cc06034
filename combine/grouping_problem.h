#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "combine/decimal_scale.h"
#include "combine/grouping_search.h"

namespace banyan {

/// Candidates and options of a search, checked, with costs and losses as whole numbers. Refers to both.
class GroupingProblem {
public:
    /// @throws CheckError
    GroupingProblem(std::size_t task_count, const std::vector<GroupCandidate>& candidates,
                    const SearchOptions& options);

    std::size_t task_count() const { return task_count_; }
    const std::vector<GroupCandidate>& candidates() const { return candidates_; }
    std::size_t max_groups() const { return max_groups_; } ///< at most T: more are never used
    bool limits_groups() const { return max_groups_ < task_count_; }
    bool covers() const { return options_.covers; }
    std::int64_t max_cost() const { return costs_.whole(options_.max_cost); }
    std::int64_t cost(std::size_t candidate) const { return costs_.whole(candidates_[candidate].cost); }
    std::int64_t loss(std::size_t candidate, std::size_t task) const {
        return losses_.whole(weighted(candidate, task));
    }
    double weight(std::size_t task) const { return options_.weights.empty() ? 1 : options_.weights[task]; }

    Grouping grouping(const std::vector<std::size_t>& chosen) const;

    /// The groupings of these choices that keep the limits and that no other one beats, in the order of a front.
    std::vector<Grouping> front(const std::vector<std::vector<std::size_t>>& choices) const;

private:
    double weighted(std::size_t candidate, std::size_t task) const {
        return weight(task) * candidates_[candidate].losses[task];
    }
    std::size_t server_of(std::size_t task, const std::vector<std::size_t>& chosen) const;
    double variance(const ChosenGroup& group) const;

    std::size_t task_count_;
    const std::vector<GroupCandidate>& candidates_;
    const SearchOptions& options_;
    std::size_t max_groups_;
    DecimalScale costs_, losses_;
};

/// Front of a problem of few tasks. @see search_groupings
std::vector<Grouping> exact_front(const GroupingProblem& problem);

} // namespace banyan
