#pragma once

#include <ATen/core/Tensor.h>

namespace banyan {

/// The weight [O, …] in steps of its output channels, as 8-bit kernels have it: w' = round(w / s) * s, ties to even,
/// with s = max |w| / 127 of the channel. The gradient passes unchanged, and the steps are no part of it: they follow
/// the largest weight. Source: "Quantizing deep convolutional networks for efficient inference", arXiv:1806.08342,
/// section 3.1.
at::Tensor round_weight(const at::Tensor& weight);

} // namespace banyan
