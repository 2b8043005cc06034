#pragma once

#include <string>
#include <vector>

#include "combine/group_costs.h"
#include "combine/grouping_search.h"

namespace banyan {

/// Latency of the branch of any set of tasks: as measured, or else by a linear model of the measured ones, a constant
/// for the branch and a part for each of its tasks (least squares, a trace of ridge where they do not determine it),
/// but no less than any measured branch of a part of its tasks.
class GroupCostModel {
public:
    /// @throws DataError a measured branch with a task that is none of `tasks`, or a task whose own branch is not
    /// measured
    GroupCostModel(const std::vector<std::string>& tasks, const GroupCosts& costs, const std::string& file);

    bool is_measured(TaskSet tasks) const;
    double latency_ms(TaskSet tasks) const;
    /// Standard error: as measured, or the root mean square of what the linear model misses of the measured branches.
    double error_ms(TaskSet tasks) const;

private:
    struct MeasuredBranch {
        TaskSet tasks = 0;
        double latency_ms = 0, error_ms = 0;
    };
    double modelled_ms(TaskSet tasks) const;
    std::vector<MeasuredBranch> measured_;
    std::vector<double> parts_; ///< [T + 1] of the tasks, then the constant
    double model_error_ms_ = 0;
};

} // namespace banyan
