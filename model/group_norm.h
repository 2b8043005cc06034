#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace banyan {

/// Group norm, arXiv:1803.08494, of [N, C, H, W] in any memory order, with weight and bias [C]; x may be narrower than
/// these (bfloat16). Its gradients are always computed together: LibTorch 2.13's own function, asked for that of weight
/// or bias alone in channels-last order on the CPU, writes the input's gradient to a null pointer.
at::Tensor group_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, std::int64_t groups,
                      double eps);

} // namespace banyan
