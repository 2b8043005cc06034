#include "train/teacher_loss.h"

#include "core/check.h"
#include "model/libtorch.h"
#include "train/distillation_losses.h"
#include "train/losses.h"

namespace banyan {

namespace {

/// What ground truth rules in the rows that the teacher saw.
struct Ruled {
    at::Tensor valid;    // [m, R, K] judged terms
    at::Tensor positive; // [m, R, K] those of truth boxes
};

Ruled ruled_terms(const TeacherTargets& teacher, const BranchTargets& truth) {
    Ruled ruled{at::zeros_like(teacher.open), at::zeros_like(teacher.open)};
    if (truth.empty()) return ruled;
    const at::Tensor place = at::searchsorted(teacher.rows, truth.rows); // [n] where a truth row lies among the m
    const at::Tensor inside = place.clamp_max(teacher.rows.size(0) - 1);
    const at::Tensor is_seen = teacher.rows.index({inside}).eq(truth.rows);
    ruled.valid.index_copy_(0, inside.index({is_seen}), truth.valid.index({is_seen}));
    const at::Tensor row = truth.positive[0], seen = is_seen.index({row}); // [P]
    const at::Tensor kept = truth.positive.index({at::indexing::Slice(), seen});
    ruled.positive.index_put_({inside.index({kept[0]}), kept[1], kept[2]}, at::ones({}, ruled.positive.options()));
    return ruled;
}

/// Weight of each class term. [m, R, K]
at::Tensor class_weights(const TeacherTargets& teacher, const Ruled& ruled, double refine) {
    const at::Tensor taught = teacher.open * (1 - ruled.valid);
    return refine == 0 ? taught : taught + refine * ruled.valid * teacher.known;
}

/// Weight of each of the teacher's boxes, before its score. [Q]
at::Tensor box_weights(const TeacherTargets& teacher, const Ruled& ruled, double refine) {
    const std::vector<at::Tensor> picks = teacher.picks.unbind(0);
    const auto at_picks = [&](const at::Tensor& terms) { return terms.index({picks[0], picks[1], picks[2]}); };
    const at::Tensor has_truth = ruled.positive.amax(2).index({picks[0], picks[1]});
    return at_picks(teacher.open) * (1 - at_picks(ruled.valid)) * (1 - has_truth) + refine * at_picks(ruled.positive);
}

at::Tensor box_losses(const Branch& branch, const at::Tensor& codes, const TeacherTargets& teacher,
                      const at::Tensor& taken, double temperature) {
    const auto like = codes.options();
    const at::Tensor predicted =
        decode_outputs(branch, codes, teacher.anchors.index({taken}).to(like), teacher.strides.index({taken}).to(like));
    const at::Tensor overlap = giou_loss(predicted, teacher.boxes.index({taken}).to(like));
    if (!teacher.bins.defined()) return overlap;
    const at::Tensor bins = teacher.bins.index({taken}).to(like); // [Q, 4, B]
    return overlap + branch.options.loss.bin_weight * bin_divergence(codes.view_as(bins), bins, temperature);
}

at::Tensor box_loss(const Branch& branch, const at::Tensor& codes, const TeacherTargets& teacher, const Ruled& ruled,
                    const TeacherOptions& options) {
    const at::Tensor weights = box_weights(teacher, ruled, options.refine_weight);
    const at::Tensor taken = weights.nonzero().squeeze(1);
    if (taken.size(0) == 0) return at::zeros({}, codes.options());
    const at::Tensor pick = teacher.picks.index_select(1, taken);
    const at::Tensor scores = teacher.logits.index({pick[0], pick[1], pick[2]}).sigmoid();
    const at::Tensor by_score = (weights.index({taken}) * scores).to(codes.options());
    const at::Tensor losses =
        box_losses(branch, codes.index({pick[0], pick[1]}), teacher, taken, options.temperature); // [m, R, C] -> [Q, C]
    return (losses * by_score).sum() / by_score.sum().clamp_min(1e-6);
}

std::vector<bool> taught_classes(const at::Tensor& weights) {
    const at::Tensor any = weights.gt(0).flatten(0, 1).any(0); // [m, R, K] -> [K]
    std::vector<bool> active;
    for (std::int64_t k = 0; k < any.size(0); ++k) active.push_back(any[k].item<bool>());
    return active;
}

} // namespace

TeacherLoss teacher_loss(const Branch& branch, const FlatOutputs& outputs, const TeacherTargets& teacher,
                         const BranchTargets& truth, const TeacherOptions& options) {
    const at::Tensor& logits = outputs.logits;
    BANYAN_CHECK(logits.sizes() == teacher.open.sizes(), "branch ", branch.name, ": expected logits of shape ",
                 teacher.open.sizes(), ", got ", logits.sizes());
    const Ruled ruled = ruled_terms(teacher, truth);
    const at::Tensor weights = class_weights(teacher, ruled, options.refine_weight);
    const at::Tensor scores = teacher.logits.sigmoid();
    const at::Tensor found = (weights * scores * scores.ge(options.minimum_score)).sum().clamp_min(1);

    TeacherLoss loss;
    loss.classes = response_loss(logits, teacher.logits.to(logits.options()), weights.to(logits.options()),
                                 options.temperature, options.focus) /
                   found.to(logits.options());
    loss.boxes = box_loss(branch, outputs.codes, teacher, ruled, options);
    loss.total = branch.options.loss.weight * options.weight * (loss.classes + options.box_weight * loss.boxes);
    loss.active = taught_classes(weights);
    return loss;
}

} // namespace banyan
