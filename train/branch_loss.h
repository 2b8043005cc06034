#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "model/multi_task_model.h"
#include "train/targets.h"

namespace banyan {

/// Raw outputs of a branch for the rows of its targets, one entry a level.
struct BranchOutputs {
    std::vector<at::Tensor> classes; ///< [n, A*K, H, W]
    std::vector<at::Tensor> boxes;   ///< [n, A*4, H, W]
};

/// Loss terms of one branch, each normalised over the valid positives of the whole batch.
struct BranchLoss {
    at::Tensor classes; ///< scalar: sum over valid class terms / max(1, P)
    at::Tensor boxes;   ///< scalar: quality-weighted mean over positives (GFL's weighting); 0 without positives
    at::Tensor total;   ///< weight * (classes + box_weight * boxes)
};

/// Source: ATSS arXiv:1912.02424 and GFL arXiv:2006.04388 with the masks of train/targets.h.
BranchLoss branch_loss(const Branch& branch, const BranchOutputs& outputs, const BranchTargets& targets);

} // namespace banyan
