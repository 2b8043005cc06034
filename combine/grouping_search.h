#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

namespace banyan {

/// Tasks of a group: bit t is set where task t is in it.
using TaskSet = std::uint32_t;

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
    double variance = 0; ///< of that sum, groups taken as independent
};

struct SearchOptions {
    std::vector<double> weights; ///< [T] of the tasks' losses, >= 0; empty = all 1
    double max_cost = std::numeric_limits<double>::infinity();
    std::size_t max_groups = std::numeric_limits<std::size_t>::max();
    bool covers = true; ///< false: groups may not overlap (a task trains in the group that serves it and in no other)
};

struct SearchResult {
    /// By rising cost and falling loss: no other grouping within the limits is at most as dear and better. Empty when
    /// no grouping keeps the limits.
    std::vector<Grouping> front;
    bool optimal = true; ///< false: found by beam and local search, better ones may exist
    const Grouping& best() const { return front.back(); }
};

} // namespace banyan
