#include "train/branch_loss.h"

#include <algorithm>

#include "core/check.h"
#include "model/libtorch.h"
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

/// [P, 4*B] -> [P, 4, B]
at::Tensor to_bins(const Branch& branch, const at::Tensor& outputs) {
    return outputs.view({-1, 4, branch.options.head.box_bins});
}

struct Positives {
    at::Tensor row, anchor, class_index; // int64 [P]
    at::Tensor outputs;                  // [P, C]
    at::Tensor predicted;                // [P, 4]
    at::Tensor truth;                    // [P, 4]
    at::Tensor quality;                  // [P] class target, no gradient
};

Positives positives_of(const Branch& branch, const at::Tensor& codes, const BranchTargets& targets) {
    Positives positives;
    const at::Tensor index = targets.positive.to(codes.device());
    positives.row = index.select(0, 0);
    positives.anchor = index.select(0, 1);
    positives.class_index = index.select(0, 2);
    const auto like = codes.options();
    positives.truth = targets.boxes.to(like);
    positives.outputs = codes.index({positives.row, positives.anchor}); // [n, R, C] -> [P, C]
    positives.predicted = decode_outputs(branch, positives.outputs, targets.anchors.to(like), targets.strides.to(like));
    positives.quality = targets.quality.defined() ? targets.quality.to(like)
                                                  : paired_iou(positives.predicted.detach(), positives.truth);
    return positives;
}

/// Sum of the class terms.
at::Tensor class_loss(const LossOptions& options, const at::Tensor& logits, const at::Tensor& target,
                      const at::Tensor& valid) {
    switch (options.class_loss) {
    case ClassLossKind::quality_focal: return quality_focal_loss(logits, target, valid, options.gamma);
    case ClassLossKind::varifocal: return varifocal_loss(logits, target, valid, options.alpha, options.gamma);
    case ClassLossKind::focal: break;
    }
    return focal_loss(logits, target, valid, options.alpha, options.gamma);
}

/// Box loss of each positive. [P]
at::Tensor box_losses(const Branch& branch, const Positives& positives, const BranchTargets& targets) {
    const LossOptions& options = branch.options.loss;
    const at::Tensor overlap = options.box_loss == BoxLossKind::giou ? giou_loss(positives.predicted, positives.truth)
                                                                     : ciou_loss(positives.predicted, positives.truth);
    if (branch.options.head.box_bins == 0) return overlap;
    const auto like = positives.truth.options();
    const at::Tensor distances = encode_distances(targets.anchors.to(like), targets.strides.to(like), positives.truth);
    return overlap + options.bin_weight * distribution_focal_loss(to_bins(branch, positives.outputs), distances);
}

/// Weight of each positive in the box loss, no gradient. [P]
at::Tensor box_weights(const Positives& positives, const at::Tensor& logits, const BranchTargets& targets) {
    if (targets.quality.defined()) return positives.quality.clamp_min(kLeastBoxWeight);
    return logits.detach().index({positives.row, positives.anchor, positives.class_index}).sigmoid();
}

} // namespace

FlatOutputs flatten(const Branch& branch, const BranchOutputs& outputs) {
    return {to_n_r_c(outputs.classes, static_cast<std::int64_t>(branch.class_count())),
            to_n_r_c(outputs.boxes, box_channels(branch.options.head))};
}

at::Tensor decode_outputs(const Branch& branch, const at::Tensor& outputs, const at::Tensor& anchors,
                          const at::Tensor& strides) {
    const bool bins = branch.options.head.box_bins > 0;
    return decode_boxes(branch.options.anchors.kind, anchors, strides,
                        bins ? expected_distances(to_bins(branch, outputs)) : outputs);
}

BranchLoss branch_loss(const Branch& branch, const FlatOutputs& outputs, const BranchTargets& targets,
                       const LossConstants* held) {
    const LossOptions& options = branch.options.loss;
    const at::Tensor& logits = outputs.logits;
    BANYAN_CHECK(logits.sizes() == targets.valid.sizes(), "branch ", branch.name, ": expected logits of shape ",
                 targets.valid.sizes(), ", got ", logits.sizes());
    BANYAN_CHECK(targets.unmatched.empty(), "branch ", branch.name, ": its matcher has not seen the predictions");
    Positives positives = positives_of(branch, outputs.codes, targets);
    if (held) positives.quality = held->quality;
    const bool by_quality = options.class_loss != ClassLossKind::focal;

    at::Tensor target = at::zeros_like(logits);
    target.index_put_({positives.row, positives.anchor, positives.class_index},
                      by_quality ? positives.quality : at::ones_like(positives.quality));
    const at::Tensor valid = targets.valid.to(logits.options());
    const at::Tensor class_sum = class_loss(options, logits, target, valid);
    BranchLoss loss;
    loss.constants.quality = positives.quality;
    if (by_quality && targets.quality.defined()) {
        loss.classes = class_sum / positives.quality.sum().clamp_min(1);
    } else {
        loss.classes = class_sum / static_cast<double>(std::max<std::int64_t>(1, targets.positives()));
    }
    if (targets.positives() == 0) {
        loss.boxes = at::zeros({}, outputs.codes.options());
        loss.total = options.weight * loss.classes;
        return loss;
    }
    const at::Tensor weights = held ? held->weights : box_weights(positives, logits, targets);
    loss.constants.weights = weights;
    loss.boxes = (box_losses(branch, positives, targets) * weights).sum() / weights.sum().clamp_min(1e-6);
    loss.total = options.weight * (loss.classes + options.box_weight * loss.boxes);
    return loss;
}

} // namespace banyan
