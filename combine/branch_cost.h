#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "combine/group_costs.h"
#include "network/model_options.h"

namespace banyan {

/// Times of one network, one picture each.
struct LatencySamples {
    std::vector<double> ms;
    double median() const;
    double p90() const;
    /// Standard error of the median: of its normal approximation with the spread taken from the quartiles, so that a
    /// few late runs do not count.
    double median_error() const;
};

/// Measures networks by the detector that will run, in turn, round by round: whatever slows the machine down meets all.
/// Returns nothing when a stop signal ended it.
using LatencyMeter = std::function<std::vector<LatencySamples>(const std::vector<ModelOptions>& networks)>;

/// The branch that would serve a group of tasks; of a single task its own.
using BranchOfGroup = std::function<BranchOptions(const std::vector<std::string>& group)>;

struct CostOptions {
    std::size_t most_tasks = 5; ///< up to so many tasks all groups are measured; see below
    std::string target;         ///< for people: "2 threads, bf16, 320 px, <processor>"
};

/// One measured network.
struct NetworkCost {
    std::vector<std::vector<std::string>> groups; ///< its branches
    double median_ms = 0, error_ms = 0, p90_ms = 0;
    std::size_t samples = 0;
};

struct MeasuredCosts {
    GroupCosts costs;
    std::vector<NetworkCost> networks; ///< each shape once, under the first groups that have it
};

/// Costs of the trunk and of a branch for every group of tasks of a network with a branch for each task.
///
/// Latencies are found as differences between whole networks N: with the branch of one group G, n(G), and with all T
/// single tasks, f. With n(G) = trunk + branch(G) and f = trunk + sum over t of branch(t) follow
///
///   trunk = (sum over t of n(t) - f) / (T - 1)        branch(G) = n(G) - trunk
///
/// so that the sums that a plan's cost is made of are exact at both ends, all tasks apart and all in one branch. What a
/// network does once (reading the picture in, neck levels that one branch alone needs) is the trunk's on average.
/// Networks that are equal but for their names are measured once. Errors follow from those of the medians, each shape
/// one variable. A difference that noise made 0 or less counts as 1 us.
///
/// With more than most_tasks tasks, single tasks, pairs and all in one are measured; combine/group_cost_model.h tells
/// the latency of the others.
/// @param whole its tasks have a branch each
/// @return nothing when the meter was stopped
/// @throws UsageError fewer than two tasks, or a branch that serves several
std::optional<MeasuredCosts> measure_costs(const ModelOptions& whole, const BranchOfGroup& branch_of,
                                           const LatencyMeter& meter, const CostOptions& options);

} // namespace banyan
