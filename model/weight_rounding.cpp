#include "model/weight_rounding.h"

#include <limits>

#include "model/libtorch.h"

namespace banyan {

at::Tensor round_weight(const at::Tensor& weight) {
    constexpr int kLargest = 127;
    const at::Tensor largest = weight.detach().to(at::kFloat).abs().flatten(1).amax(1);
    const at::Tensor steps = (largest / kLargest).clamp_min(std::numeric_limits<float>::min());
    const at::Tensor scales = at::where(largest > 0, steps, at::ones_like(steps));
    const at::Tensor zero_points = at::zeros(scales.sizes(), scales.options().dtype(at::kInt));
    return at::fake_quantize_per_channel_affine(weight.to(at::kFloat), scales, zero_points, 0, -kLargest, kLargest)
        .to(weight.scalar_type());
}

} // namespace banyan
