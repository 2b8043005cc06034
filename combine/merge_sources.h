#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "combine/merge_plan.h"
#include "model/multi_task_model.h"

namespace banyan {

/// Where the outputs of one task come from: a branch of the source network, with which other tasks may share it.
struct TaskSource {
    std::string task;
    Branch branch;
    std::int64_t first_class = 0; ///< of the branch's K classes
    std::int64_t classes = 1;
};

/// A branch of the planned network and what it is made of.
struct BranchSources {
    BranchOptions target;
    std::vector<TaskSource> tasks;    ///< of target.tasks, in their order
    std::vector<BranchOptions> heads; ///< those of the source network that serve them, by first use
    bool kept = false;                ///< the plan changes nothing: the head stays, name and all
};

struct MergedLayout {
    BoxOutputs boxes = BoxOutputs::per_task; ///< of merged branches
    std::int64_t width = 0;                  ///< of merged towers that are not mere copies; 0: of the widest source
};

/// The planned network's branches with their sources. Anchors that differ are united (combine/anchor_union.h).
/// @throws UsageError a plan that does not fit the network; sources of a branch whose heads differ in more than width
///         and anchors, or with a width that no tower of this network can have; names the branch and all that differs
std::vector<BranchSources> plan_branches(const MultiTaskModel& source, const MergePlan& plan,
                                         const MergedLayout& layout);

/// The source network's options with these branches. @throws UsageError what model_options refuses
ModelOptions options_with(const ModelOptions& source, const std::vector<BranchSources>& branches);

} // namespace banyan
