#include "train/distillation_losses.h"

#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

void check_pair(const at::Tensor& logits, const at::Tensor& teacher, double temperature) {
    BANYAN_CHECK(logits.sizes() == teacher.sizes(), "distillation: expected logits of one shape, got ", logits.sizes(),
                 " and the teacher's ", teacher.sizes());
    BANYAN_CHECK(temperature > 0, "distillation: expected a temperature > 0, got ", temperature);
}

/// KL of two events by their logits: what softplus at x lies above its tangent at y.
at::Tensor event_divergence(const at::Tensor& x, const at::Tensor& y) {
    return at::softplus(x) - at::softplus(y) - (x - y) * y.sigmoid();
}

} // namespace

at::Tensor response_loss(const at::Tensor& logits, const at::Tensor& teacher, const at::Tensor& weight,
                         double temperature, double focus) {
    check_pair(logits, teacher, temperature);
    const at::Tensor constant = teacher.detach();
    const at::Tensor divergence =
        temperature * temperature * event_divergence(logits / temperature, constant / temperature);
    if (focus == 0) return (weight * divergence).sum();
    const at::Tensor surer = at::maximum(logits.detach(), constant).sigmoid();
    return (weight * (focus == 1 ? surer : surer.pow(focus)) * divergence).sum();
}

at::Tensor bin_divergence(const at::Tensor& logits, const at::Tensor& teacher, double temperature) {
    check_pair(logits, teacher, temperature);
    BANYAN_CHECK(logits.dim() == 3 && logits.size(1) == 4, "box bins: expected logits [P, 4, B], got ", logits.sizes());
    const at::Tensor target = (teacher.detach() / temperature).log_softmax(2);
    const at::Tensor ours = (logits / temperature).log_softmax(2);
    const at::Tensor sides = (target.exp() * (target - ours)).sum(2); // [P, 4, B] -> [P, 4]
    return temperature * temperature * sides.mean(1);
}

} // namespace banyan
