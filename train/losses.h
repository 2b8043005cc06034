#pragma once

#include <ATen/core/Tensor.h>

#include "anchors/anchors.h"

namespace banyan {

/// All take float32 or float64 and are differentiable in logits, codes and predicted boxes. P positive anchors.

/// sum over all terms of weight * |quality - p|^beta * bce(logit, quality), p = sigmoid(logit); not normalised.
/// @param logits, quality, weight  one shape; quality in [0, 1], weight >= 0 (0 = not judged)
/// Source: "Generalized Focal Loss", arXiv:2006.04388, QFL.
at::Tensor quality_focal_loss(const at::Tensor& logits, const at::Tensor& quality, const at::Tensor& weight,
                              double beta);

/// sum over all terms of weight * f * bce(logit, quality), f = quality where that is > 0, else alpha * p^gamma: well
/// predicted positives count more, and only background is thinned out; not normalised.
/// Source: "VarifocalNet", arXiv:2008.13367, section 3.2.
at::Tensor varifocal_loss(const at::Tensor& logits, const at::Tensor& quality, const at::Tensor& weight, double alpha,
                          double gamma);

/// sum over all terms of weight * alpha_t * (1 - p_t)^gamma * bce(logit, target); target 0 or 1; not normalised.
/// Source: "Focal Loss for Dense Object Detection", arXiv:1708.02002, eq. (5).
at::Tensor focal_loss(const at::Tensor& logits, const at::Tensor& target, const at::Tensor& weight, double alpha,
                      double gamma);

/// IoU of corresponding boxes. @param a, b [P, 4] corners @return [P] in [0, 1]
at::Tensor paired_iou(const at::Tensor& a, const at::Tensor& b);

/// 1 - GIoU of corresponding boxes, in [0, 2]. Source: "Generalized Intersection over Union", arXiv:1902.09630.
/// @param predicted, truth [P, 4] corners @return [P]
at::Tensor giou_loss(const at::Tensor& predicted, const at::Tensor& truth);

/// 1 - CIoU: IoU, centre distance and aspect ratio. Its trade-off weight is a constant for the gradient.
/// Source: "Distance-IoU Loss", arXiv:1911.08287.
at::Tensor ciou_loss(const at::Tensor& predicted, const at::Tensor& truth);

/// Differentiable twin of expected_distance (heads/box_bins.h). @param logits [P, 4, B] @return [P, 4] strides
at::Tensor expected_distances(const at::Tensor& logits);

/// Cross entropy of each side's distribution with its truth distance, which is shared between the two bins around it;
/// the mean over the four sides. Distances beyond the bins count as the last one.
/// @param logits [P, 4, B], distances [P, 4] strides @return [P]
/// Source: "Generalized Focal Loss", arXiv:2006.04388, DFL.
at::Tensor distribution_focal_loss(const at::Tensor& logits, const at::Tensor& distances);

/// Distances from the centres of anchors to the sides of boxes: encode_box of points (anchors/box_coder.h).
/// @param anchors [P, 4], strides [P], boxes [P, 4] @return [P, 4] left, top, right, bottom in strides
at::Tensor encode_distances(const at::Tensor& anchors, const at::Tensor& strides, const at::Tensor& boxes);

/// Differentiable twin of decode_box (anchors/box_coder.h).
/// @param anchors [P, 4] corners, strides [P], codes [P, 4] @return [P, 4] corners
at::Tensor decode_boxes(AnchorKind kind, const at::Tensor& anchors, const at::Tensor& strides, const at::Tensor& codes);

} // namespace banyan
