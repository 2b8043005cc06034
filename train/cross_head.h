#pragma once

#include <string>
#include <vector>

#include "model/multi_task_model.h"
#include "train/teacher_link.h"

namespace banyan {

/// Where the head of a teacher goes on with what that of the network has begun: the first half of the tower's layers,
/// at least one, is the network's, the rest and the outputs are the teacher's. What comes out is compared with the
/// teacher's own outputs, so that labels, which teach the network's outputs, and the teacher do not pull at the same
/// layers. Source: "CrossKD", arXiv:2306.11369, 3.2 and figure 2.
struct CrossHead {
    std::vector<ValueId> values;         ///< of the network's towers
    std::vector<ValueId> teacher_values; ///< of the teacher's, in the same order
    bool empty() const { return values.empty(); }
};

/// [branch of the network]; empty where the teacher says nothing. @param links of link_teacher
/// @param where names the teacher in messages
/// @throws ConfigError naming what differs: heads that are not of one kind, depth, width and box bins, other tasks or
/// anchors; heads without a tower
std::vector<CrossHead> link_cross_heads(const MultiTaskModel& network, const MultiTaskModel& teacher,
                                        const std::vector<std::vector<TaskLink>>& links, const std::string& where);

} // namespace banyan
