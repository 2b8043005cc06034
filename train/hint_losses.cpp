#include "train/hint_losses.h"

#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

constexpr double kTiny = 1e-12; // against a division by 0 where all values are equal

void check_pair(const at::Tensor& features, const at::Tensor& teacher) {
    BANYAN_CHECK(features.sizes() == teacher.sizes() && features.dim() == 4,
                 "hint: expected features [N, C, H, W] of one shape, got ", features.sizes(), " and the teacher's ",
                 teacher.sizes());
}

/// [N, C, H, W] -> [C, N * H * W] with mean 0 in each row.
at::Tensor centred_channels(const at::Tensor& features) {
    const at::Tensor rows = features.transpose(0, 1).reshape({features.size(1), -1});
    return rows - rows.mean(1, /*keepdim=*/true);
}

} // namespace

at::Tensor l2_hint(const at::Tensor& features, const at::Tensor& teacher) {
    check_pair(features, teacher);
    const at::Tensor constant = teacher.detach();
    return (features - constant).square().sum() / constant.square().sum().clamp_min(kTiny);
}

at::Tensor pearson_hint(const at::Tensor& features, const at::Tensor& teacher) {
    check_pair(features, teacher);
    const at::Tensor ours = centred_channels(features), theirs = centred_channels(teacher.detach());
    const at::Tensor squares = ours.square().sum(1) * theirs.square().sum(1); // [C]
    return 1 - ((ours * theirs).sum(1) / squares.clamp_min(kTiny).sqrt()).mean();
}

at::Tensor channel_hint(const at::Tensor& features, const at::Tensor& teacher, double temperature) {
    check_pair(features, teacher);
    BANYAN_CHECK(temperature > 0, "hint: expected a temperature > 0, got ", temperature);
    const at::Tensor constant = teacher.detach();
    const at::Tensor scale = temperature * constant.std(/*unbiased=*/false).clamp_min(kTiny);
    const at::Tensor target = (constant / scale).flatten(2).log_softmax(2); // [N, C, H * W]
    const at::Tensor ours = (features / scale).flatten(2).log_softmax(2);
    return temperature * temperature * (target.exp() * (target - ours)).sum(2).mean();
}

at::Tensor hint_loss(const HintOptions& options, const at::Tensor& features, const at::Tensor& teacher) {
    switch (options.kind) {
    case HintKind::l2: return options.weight * l2_hint(features, teacher);
    case HintKind::channel: return options.weight * channel_hint(features, teacher, options.temperature);
    case HintKind::pearson: break;
    }
    return options.weight * pearson_hint(features, teacher);
}

} // namespace banyan
