#pragma once

#include <optional>
#include <string>
#include <vector>

#include "combine/branch_cost.h"
#include "combine/merge_plan.h"
#include "heads/head.h"

namespace banyan {

/// What the network of a plan takes for a picture, measured.
struct PlanLatency {
    MergePlan plan;
    double median_ms = 0, error_ms = 0;
};

/// Networks that follow plans, timed as wholes, where costs.json has sums of measured parts. They have start weights:
/// the work does not depend on them. Every plan is measured once: times are kept in a file, so that what was decided by
/// them does not change when more plans join later.
class PlanLatencies {
public:
    /// @param path  of latencies.json: {"networks": [{"groups", "median_ms", "error_ms"}]}; a damaged one is as none
    PlanLatencies(std::string path, ModelOptions unmerged, BoxOutputs boxes, LatencyMeter meter);

    /// Those of the plans, in their order; what is not known yet is measured in turn with the unmerged network.
    /// Nothing when the meter was stopped.
    /// @throws UsageError heads that cannot share a tower
    std::optional<std::vector<PlanLatency>> of(const std::vector<MergePlan>& plans);

    /// Of the network as it is; nothing when the meter was stopped.
    std::optional<PlanLatency> unmerged();

private:
    const PlanLatency* find(const MergePlan& plan) const;

    std::string path_;
    ModelOptions unmerged_;
    BoxOutputs boxes_;
    LatencyMeter meter_;
    std::vector<PlanLatency> known_;
};

std::string plan_latencies_json(const std::vector<PlanLatency>& latencies);
/// Nothing where the text is no such file: its networks are measured again.
std::optional<std::vector<PlanLatency>> parse_plan_latencies(const std::string& text);

} // namespace banyan
