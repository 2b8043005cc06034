#pragma once

#include <ATen/core/Tensor.h>

namespace banyan {

/// All take float32 or float64 and are differentiable in the network's logits; what the teacher says is constant. Each
/// is 0, with a gradient of 0, just where both agree.

/// sum over all terms of weight * max(p, q)^focus * T^2 * KL(q_T || p_T), p = sigmoid(logit), q = sigmoid(teacher
/// logit), p_T and q_T the same of logits / T; not normalised. KL is that of two events:
///   KL(q || p) = q log(q / p) + (1 - q) log((1 - q) / (1 - p)).
/// A term counts by the surer of the two scores, a constant for the gradient: a hundred thousand terms that both call
/// background do not drown the few objects. For T -> inf, T^2 * KL -> (logit - teacher logit)^2 / 8.
/// @param logits, teacher, weight one shape; weight >= 0 (0 = not taught)
/// Source: "Distilling the Knowledge in a Neural Network", arXiv:1503.02531, for T and T^2; "CrossKD",
/// arXiv:2306.11369, for taking the teacher's scores as targets of a dense detector.
at::Tensor response_loss(const at::Tensor& logits, const at::Tensor& teacher, const at::Tensor& weight,
                         double temperature, double focus);

/// T^2 * KL of the teacher's distribution of each side to the network's, softmax of logits / T; the mean over the four
/// sides. @param logits, teacher [P, 4, B] @return [P]
/// Source: "Localization Distillation for Dense Object Detection", arXiv:2102.12252.
at::Tensor bin_divergence(const at::Tensor& logits, const at::Tensor& teacher, double temperature);

} // namespace banyan
