#include "train/branch_loss.h"

#include <algorithm>

#include <torch/torch.h>

#include "core/check.h"
#include "train/losses.h"

namespace banyan {

namespace {

/// Levels of [n, A*C, H, W] -> [n, R, C] in the order of AnchorSet, at least float32.
at::Tensor to_n_r_c(const std::vector<at::Tensor>& levels, std::int64_t channels) {
    std::vector<at::Tensor> flat;
    for (const at::Tensor& level : levels) {
        // [n, A*C, H, W] -> [n, H, W, A*C] -> [n, H*W*A, C]
        flat.push_back(level.permute({0, 2, 3, 1}).reshape({level.size(0), -1, channels}));
    }
    const at::Tensor joined = flat.size() == 1 ? flat.front() : at::cat(flat, 1);
    return joined.scalar_type() == at::kDouble ? joined : joined.to(at::kFloat);
}

at::Tensor box_loss(BoxLossKind kind, const at::Tensor& predicted, const at::Tensor& truth) {
    return kind == BoxLossKind::giou ? giou_loss(predicted, truth) : ciou_loss(predicted, truth);
}

struct Positives {
    at::Tensor row, anchor, class_index; // int64 [P]
    at::Tensor predicted;                // [P, 4]
    at::Tensor truth;                    // [P, 4]
    at::Tensor quality;                  // [P] IoU of predicted and truth, no gradient
};

Positives positives_of(const Branch& branch, const at::Tensor& codes, const BranchTargets& targets) {
    Positives positives;
    const at::Tensor index = targets.positive.to(codes.device());
    positives.row = index.select(0, 0);
    positives.anchor = index.select(0, 1);
    positives.class_index = index.select(0, 2);
    const auto like = codes.options();
    positives.truth = targets.boxes.to(like);
    const at::Tensor chosen = codes.index({positives.row, positives.anchor}); // [n, R, 4] -> [P, 4]
    positives.predicted =
        decode_boxes(branch.options.anchors.kind, targets.anchors.to(like), targets.strides.to(like), chosen);
    positives.quality = paired_iou(positives.predicted.detach(), positives.truth);
    return positives;
}

} // namespace

BranchLoss branch_loss(const Branch& branch, const BranchOutputs& outputs, const BranchTargets& targets) {
    const LossOptions& options = branch.options.loss;
    const at::Tensor logits = to_n_r_c(outputs.classes, static_cast<std::int64_t>(branch.class_count()));
    const at::Tensor codes = to_n_r_c(outputs.boxes, 4);
    BANYAN_CHECK(logits.sizes() == targets.valid.sizes(), "branch ", branch.name, ": expected logits of shape ",
                 targets.valid.sizes(), ", got ", logits.sizes());
    const Positives positives = positives_of(branch, codes, targets);
    const bool quality_focal = options.class_loss == ClassLossKind::quality_focal;

    at::Tensor target = at::zeros_like(logits);
    target.index_put_({positives.row, positives.anchor, positives.class_index},
                      quality_focal ? positives.quality : at::ones_like(positives.quality));
    const at::Tensor valid = targets.valid.to(logits.options());
    const at::Tensor class_sum = quality_focal ? quality_focal_loss(logits, target, valid, options.gamma)
                                               : focal_loss(logits, target, valid, options.alpha, options.gamma);
    BranchLoss loss;
    loss.classes = class_sum / static_cast<double>(std::max<std::int64_t>(1, targets.positives()));
    if (targets.positives() == 0) {
        loss.boxes = at::zeros({}, codes.options());
        loss.total = options.weight * loss.classes;
        return loss;
    }
    const at::Tensor confidence =
        logits.detach().index({positives.row, positives.anchor, positives.class_index}).sigmoid(); // [P]
    const at::Tensor each = box_loss(options.box_loss, positives.predicted, positives.truth);
    loss.boxes = (each * confidence).sum() / confidence.sum().clamp_min(1e-6);
    loss.total = options.weight * (loss.classes + options.box_weight * loss.boxes);
    return loss;
}

} // namespace banyan
