#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace banyan {

/// Depthwise convolution of BF16 tensors on the CPU whose gradient by the input goes through float32. For strides above
/// 1 oneDNN has a depthwise kernel for that gradient in float32 only; in BF16 it takes a general one, 10 to 60 times
/// slower (40 % of a training step of MobileNetV2). Values and the other gradients are those of at::conv2d.
///
/// @param x       [N, C, H, W]
/// @param weight  [C, 1, k, k]
/// @param bias    [C] or undefined
/// @param pad     rows, columns
at::Tensor strided_depthwise_bf16(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                  std::int64_t stride, const std::vector<std::int64_t>& pad);

} // namespace banyan
