#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace banyan {

/// What a plan may cost at most. Text form: limits with commas between, each at most once: "3" (the unit of a table's
/// costs), "latency=12ms" (the whole network, trunk included), "branches=2".
struct MergeBudget {
    std::optional<double> cost;           ///< > 0
    std::optional<double> latency_ms;     ///< > 0
    std::optional<std::int64_t> branches; ///< >= 1

    bool operator==(const MergeBudget&) const = default;
    bool is_empty() const { return !cost && !latency_ms && !branches; }
};

/// @throws UsageError at `where` ("--budget"): what is no limit, is out of range or is there twice
MergeBudget merge_budget_from_text(const std::string& text, const std::string& where);

/// "latency=12ms,branches=2"; "" without a limit.
std::string merge_budget_text(const MergeBudget& budget);

} // namespace banyan
