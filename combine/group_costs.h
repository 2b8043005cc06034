#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace banyan {

/// What one branch that serves these tasks costs on the target.
struct GroupCost {
    std::vector<std::string> tasks;
    double latency_ms = 0;  ///< > 0; median
    double error_ms = 0;    ///< standard error of it, >= 0
    std::int64_t macs = 0;  ///< multiply-accumulates of one image
    std::int64_t bytes = 0; ///< memory that it adds to a detector: parameters and activations
};

/// Costs of the trunk and of every branch that was measured: DIR/costs.json. A network costs its trunk and the sum of
/// its branches.
struct GroupCosts {
    double trunk_ms = 0;
    double trunk_error_ms = 0;
    std::int64_t trunk_macs = 0;
    std::int64_t trunk_bytes = 0;
    std::string target; ///< where and how it was measured: "2 threads, bf16, 320 px, <processor>"; may be empty
    std::vector<GroupCost> groups;

    /// The branch for exactly these tasks in any order; nullptr: was not measured.
    const GroupCost* find(const std::vector<std::string>& tasks) const;
};

/// {"schema_version": 1, "unit": "ms", "target", "trunk", "trunk_error", "trunk_macs", "trunk_bytes", "groups":
/// [{"tasks", "latency_ms", "error_ms", "macs", "bytes"}]}
std::string group_costs_json(const GroupCosts& costs);
/// Only "schema_version", "unit", "trunk", "groups" and a group's "tasks" and "latency_ms" must be there.
/// @throws IoError; DataError what is wrong, with its place: no group, one of no task, of one task twice, or given
/// twice
GroupCosts load_group_costs(const std::string& path);

} // namespace banyan
