#include "combine/cost_files.h"

#include <algorithm>
#include <filesystem>

#include "combine/merge_sources.h"
#include "core/atomic_file.h"
#include "core/check.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

using Group = std::vector<std::string>;

/// The group joined, all other tasks as they are.
MergePlan plan_with(const std::vector<Task>& tasks, const Group& group) {
    MergePlan plan{{group}};
    for (const Task& task : tasks) {
        if (std::find(group.begin(), group.end(), task.name) == group.end()) plan.groups.push_back({task.name});
    }
    return plan;
}

/// As a transplant makes it; where heads cannot share a tower, as a training from the start would.
BranchOptions branch_of(const MultiTaskModel& unmerged, const Group& group, BoxOutputs boxes) {
    const MergePlan plan = plan_with(unmerged.options().tasks, group);
    const auto is_group = [&](const BranchOptions& branch) { return branch.tasks.front() == group.front(); };
    try {
        for (const BranchSources& branch : plan_branches(unmerged, plan, {boxes, 0})) {
            if (is_group(branch.target)) return branch.target;
        }
    } catch (const UsageError&) {
        for (BranchOptions branch : regrouped(unmerged.options(), plan).branches) {
            if (!is_group(branch)) continue;
            if (group.size() > 1) branch.head.boxes = boxes;
            return branch;
        }
    }
    throw CheckError("costs: no branch of group " + branch_name_of(group));
}

std::string megas(std::int64_t number) { return format_fixed(static_cast<double>(number) / 1e6, 1); }

} // namespace

ReportTable cost_table(const GroupCosts& costs) {
    ReportTable table;
    table.header = {"branch", "latency, ms", "± ms", "mega-MACs", "MB"};
    table.rows.push_back({"trunk", format_fixed(costs.trunk_ms, 3), format_fixed(costs.trunk_error_ms, 3),
                          megas(costs.trunk_macs), megas(costs.trunk_bytes)});
    for (const GroupCost& group : costs.groups) {
        table.rows.push_back({branch_name_of(group.tasks), format_fixed(group.latency_ms, 3),
                              format_fixed(group.error_ms, 3), megas(group.macs), megas(group.bytes)});
    }
    return table;
}

std::optional<GroupCosts> costs_in_folder(const ModelOptions& unmerged, const CostFileOptions& options,
                                          const LatencyMeter& meter) {
    const std::string costs = options.folder + "/costs.json", networks = options.folder + "/networks.json";
    if (std::filesystem::exists(costs) && std::filesystem::exists(networks)) {
        GroupCosts earlier = load_group_costs(costs);
        if (earlier.target == options.target) return earlier;
    }
    const MultiTaskModel network(unmerged);
    CostOptions cost_options;
    cost_options.target = options.target;
    const auto of_group = [&](const Group& group) { return branch_of(network, group, options.boxes); };
    const std::optional<MeasuredCosts> measured = measure_costs(unmerged, of_group, meter, cost_options);
    if (!measured) return std::nullopt;
    write_file_atomically(networks, measured_networks_json(*measured));
    write_file_atomically(costs, group_costs_json(measured->costs));
    return measured->costs;
}

} // namespace banyan
