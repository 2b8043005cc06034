#pragma once

#include <ATen/core/Tensor.h>

#include "train/hint_options.h"

namespace banyan {

/// All take feature maps of one shape [N, C, H, W], float32 or float64, and are differentiable in those of the network;
/// the teacher's are constant. Each is 0, with a gradient of 0, where both are equal. None depends on the scale of the
/// teacher's values, so that one weight fits many networks.

/// sum (x - y)^2 / sum y^2.
/// Source: "FitNets", arXiv:1412.6550, eq. (3), made relative.
at::Tensor l2_hint(const at::Tensor& features, const at::Tensor& teacher);

/// 1 - r, the mean over channels, where r is Pearson's correlation of x and y over pictures and pixels. A channel that
/// is constant on either side has r = 0. In [0, 2]. Source: "PKD", arXiv:2207.02039, eq. (3): half the squared
/// difference of standardised maps is 1 - r.
at::Tensor pearson_hint(const at::Tensor& features, const at::Tensor& teacher);

/// T^2 KL(softmax(y / (s T)) || softmax(x / (s T))), softmax over the pixels of each channel of each picture, s the
/// standard deviation of all y; the mean over pictures and channels. @param temperature T > 0
/// Source: "Channel-wise Knowledge Distillation for Dense Prediction", arXiv:2011.13256, eq. (5), with s in addition.
at::Tensor channel_hint(const at::Tensor& features, const at::Tensor& teacher, double temperature);

/// That of the hint's kind, times its weight.
at::Tensor hint_loss(const HintOptions& options, const at::Tensor& features, const at::Tensor& teacher);

} // namespace banyan
