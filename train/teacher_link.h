#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "anchors/anchors.h"
#include "model/multi_task_model.h"

namespace banyan {

/// Where a branch of a network finds what a teacher says of one of its tasks.
struct TaskLink {
    std::string task;
    std::size_t teacher_branch = 0;            ///< place in the teacher's branches()
    std::vector<std::int64_t> classes;         ///< places of the task's classes in the network's Branch::classes
    std::vector<std::int64_t> teacher_classes; ///< of the same classes in the teacher's
};

/// @throws ConfigError both do not see the same numbers of one picture
void check_pixels(const MultiTaskModel& network, const MultiTaskModel& teacher, const std::string& where);

/// Links of all branches of a network, [branch][task taught]. @param tasks that are taught; empty: all of the network
/// @param where names the teacher in messages
/// @throws ConfigError naming what differs: a task that either does not have, other classes of a task, boxes against
/// points, no level in common, another normalisation of the pixels
std::vector<std::vector<TaskLink>> link_teacher(const MultiTaskModel& network, const MultiTaskModel& teacher,
                                                const std::vector<std::string>& tasks, const std::string& where);

/// For each anchor of a branch the teacher's anchor that speaks for it, or -1: that of the same level and cell, of
/// several prior boxes a cell the one of the highest IoU, which must be kLeastSharedIou or more.
/// @return int64 [R] @param anchors, teacher of one input size and kind
at::Tensor link_anchors(const AnchorSet& anchors, const AnchorSet& teacher);
inline constexpr float kLeastSharedIou = 0.5F;

} // namespace banyan
