#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "model/multi_task_model.h"
#include "train/branch_loss.h"
#include "train/targets.h"
#include "train/teacher.h"

namespace banyan {

/// What one branch learns from a teacher in a batch.
struct TeacherLoss {
    at::Tensor classes;       ///< scalar: sum over the taught class terms / max(1, S)
    at::Tensor boxes;         ///< scalar: mean over the taught boxes, weighted by the teacher's scores; 0 without one
    at::Tensor total;         ///< branch's weight * teacher's weight * (classes + box_weight * boxes)
    std::vector<bool> active; ///< [K] classes with a taught term
};

/// Class terms (row, anchor, class) count
///   open * (1 - valid) + refine_weight * valid
/// where the teacher knows them, else 0: it speaks where ground truth leaves open what is there, and may refine what
/// that rules. Their losses are those of response_loss. S is the sum of the teacher's scores of minimum_score or more
/// over the terms, by their weights: what it found, as positives count in branch_loss.
///
/// A box counts by its weight times the teacher's score. Its weight is that of its class term, but at an anchor with a
/// truth box all others are 0, and so is that of judged background. Its loss is
///   1 - GIoU(box, teacher's box) + bin_weight * bin_divergence, the latter where both have the same box bins.
/// @param outputs for the teacher's rows @param truth matched; its rows count as the teacher's do; may be empty
TeacherLoss teacher_loss(const Branch& branch, const FlatOutputs& outputs, const TeacherTargets& teacher,
                         const BranchTargets& truth, const TeacherOptions& options);

} // namespace banyan
