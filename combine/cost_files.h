#pragma once

#include <optional>
#include <string>

#include "combine/branch_cost.h"
#include "heads/head.h"
#include "report/html_report.h"

namespace banyan {

struct CostFileOptions {
    std::string folder;                      ///< of costs.json and networks.json
    std::string target;                      ///< for people, and by which earlier costs are known again
    BoxOutputs boxes = BoxOutputs::per_task; ///< of merged branches
};

/// Costs of the branches that a network's tasks could have, kept in a folder: measured (combine/branch_cost.h), or
/// those that an earlier call has measured for the same target. Branches of groups are those that combine/transplant.h
/// makes. Nothing when the meter was stopped.
/// Where heads cannot share a tower, they are those that a training from the start would have.
/// @throws UsageError as measure_costs
std::optional<GroupCosts> costs_in_folder(const ModelOptions& unmerged, const CostFileOptions& options,
                                          const LatencyMeter& meter);

/// networks.json: {"networks": [{"groups", "median_ms", "error_ms", "p90_ms", "rounds"}]}
std::string measured_networks_json(const MeasuredCosts& measured);

/// The costs for people: trunk and branches with their errors, mega-MACs and megabytes.
ReportTable cost_table(const GroupCosts& costs);

} // namespace banyan
