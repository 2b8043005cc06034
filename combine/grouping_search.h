#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace banyan {

/// Tasks of a group: bit t is set where task t is in it.
using TaskSet = std::uint32_t;

inline constexpr std::size_t kMostTasks = 30;
inline constexpr TaskSet all_tasks(std::size_t count) { return (TaskSet{1} << count) - 1; }

/// One network (or merged branch) that could be used: the tasks that train in it, and what they would reach there.
struct GroupCandidate {
    TaskSet tasks = 0;
    double cost = 0;               ///< > 0, in any unit; costs of a grouping add up
    std::vector<double> losses;    ///< [T] of each task; lower is better; NaN for tasks outside the group
    std::vector<double> variances; ///< [T] of the losses' estimates; empty = all 0
};

/// A candidate that a grouping uses.
struct ChosenGroup {
    std::size_t candidate = 0; ///< index
    TaskSet serves = 0;        ///< tasks that are taken from it: those for which no other chosen one is better
};

struct Grouping {
    std::vector<ChosenGroup> groups; ///< by first served task; every one serves a task
    double cost = 0;
    double loss = 0;     ///< weighted sum over tasks
    double variance = 0; ///< of that sum: errors within a group taken as one, groups as independent
};

struct SearchOptions {
    std::vector<double> weights; ///< [T] of the tasks' losses, >= 0; empty = all 1
    double max_cost = std::numeric_limits<double>::infinity();
    std::size_t max_groups = std::numeric_limits<std::size_t>::max();
    bool covers = true; ///< false: groups may not overlap (a task trains in the group that serves it and in no other)
    std::size_t most_exact_tasks = 10; ///< above: beam and local search
};

struct SearchResult {
    /// By rising cost and falling loss: no other grouping within the limits is at most as dear and better. Of equally
    /// dear and good ones: the fewest groups, then the fewest tasks trained. Empty when no grouping keeps the limits.
    std::vector<Grouping> front;
    bool optimal = true; ///< false: found by beam and local search, better ones may exist
    const Grouping& best() const { return front.back(); }
};

/// Chooses among given candidates. Costs, losses and limits are compared as decimals of 14 significant digits, so that
/// three networks of cost 0.1 keep a limit of 0.3, and equal sums are equal whatever their order.
///
/// Exact method: a grouping hands each task to one of its networks; so it is a partition of the tasks into served sets
/// with a network for each that trains them all (partitions of groups: exactly them). The best grouping's loss is the
/// least over all such partitions, and cost and loss are sums over their parts: dynamic programming over the tasks that
/// are left, part by part, each holding its lowest task, keeps what no other labels beat in cost, loss (and number of
/// groups where it is limited). About 3^T / 2 steps times the length of a front.
/// @throws CheckError candidates or options that break what is said above
SearchResult search_groupings(std::size_t task_count, const std::vector<GroupCandidate>& candidates,
                              const SearchOptions& options);

/// What a group of these tasks would be.
using GroupFunction = std::function<GroupCandidate(TaskSet)>;

/// A search that made its candidates itself.
struct GroupSearch {
    SearchResult result;
    std::vector<GroupCandidate> candidates; ///< that were looked at
};

/// The same where every set of tasks can be a group. Above most_exact_tasks only those that look promising are made.
GroupSearch search_all_groupings(std::size_t task_count, const GroupFunction& group_of, const SearchOptions& options);

/// The grouping that uses these candidates: each task is served by the one with its least loss (of equal ones: of the
/// smallest group, then the first); those that serve none are left out.
/// Precondition: every task is in one of them.
Grouping grouping_of(const std::vector<GroupCandidate>& candidates, const std::vector<std::size_t>& chosen,
                     const SearchOptions& options);

} // namespace banyan
