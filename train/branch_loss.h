#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "model/multi_task_model.h"
#include "train/targets.h"

namespace banyan {

/// Raw outputs of a branch for the rows of its targets, one entry a level.
struct BranchOutputs {
    std::vector<at::Tensor> classes; ///< [n, A*K, H, W]
    std::vector<at::Tensor> boxes;   ///< [n, A*C, H, W], C = box_channels(head)
};

/// The same, anchors in the order of AnchorSet, at least float32.
struct FlatOutputs {
    at::Tensor logits; ///< [n, R, K]
    at::Tensor codes;  ///< [n, R, C]
};
FlatOutputs flatten(const Branch& branch, const BranchOutputs& outputs);

/// Boxes that outputs [P, C] predict. @param anchors [P, 4] corners, strides [P] @return [P, 4] corners
at::Tensor decode_outputs(const Branch& branch, const at::Tensor& outputs, const at::Tensor& anchors,
                          const at::Tensor& strides);

/// Least weight of a positive in the box loss where the targets tell a quality: a box that no prediction overlaps yet
/// has a quality of 0 and must not stay without a gradient.
inline constexpr double kLeastBoxWeight = 0.01;

/// What the loss takes from the predictions but does not differentiate.
struct LossConstants {
    at::Tensor quality; ///< [P] class target of each positive; with BranchTargets::quality that
    at::Tensor weights; ///< [P] of the positives in the box loss; undefined without positives
};

/// Loss terms of one branch, each normalised over the valid positives of the whole batch.
struct BranchLoss {
    at::Tensor classes; ///< scalar: sum over valid class terms / max(1, P), or / max(1, sum of the targets' quality)
    /// scalar: mean of overlap loss + bin_weight * distribution loss over positives, weighted by their scores (GFL's
    /// weighting) or by the targets' quality (TOOD's); 0 without positives
    at::Tensor boxes;
    at::Tensor total; ///< weight * (classes + box_weight * boxes)
    LossConstants constants;
};

/// Source: TOOD arXiv:2108.07755, ATSS arXiv:1912.02424 and GFL arXiv:2006.04388 with the masks of train/targets.h.
/// @param held  constants of an earlier loss for these targets, instead of those of the predictions
BranchLoss branch_loss(const Branch& branch, const FlatOutputs& outputs, const BranchTargets& targets,
                       const LossConstants* held = nullptr);

} // namespace banyan
