#include "train/losses.h"

#include <cmath>
#include <numbers>

#include "anchors/box_coder.h"
#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

constexpr double kEpsilon = 1e-7; // keeps quotients of empty boxes finite

/// bce(sigmoid(logit), target) without overflow for any logit.
at::Tensor bce_with_logits(const at::Tensor& logits, const at::Tensor& target) {
    return at::softplus(logits) - logits * target;
}

/// base^exponent for base >= 0. Roots have no finite slope at 0, where a sure and right score lies: 0 * inf would be
/// NaN.
at::Tensor power(const at::Tensor& base, double exponent) {
    if (exponent == 2.0) return base.square();
    if (exponent == 0.0) return at::ones_like(base);
    return exponent < 1.0 ? base.clamp_min(kEpsilon).pow(exponent) : base.pow(exponent);
}

struct Corners {
    at::Tensor x0, y0, x1, y1; // [P]
    explicit Corners(const at::Tensor& boxes)
        : x0(boxes.select(1, 0)), y0(boxes.select(1, 1)), x1(boxes.select(1, 2)), y1(boxes.select(1, 3)) {}
    at::Tensor area() const { return (x1 - x0).clamp_min(0) * (y1 - y0).clamp_min(0); }
};

struct Overlap {
    at::Tensor iou;        // [P]
    at::Tensor union_area; // [P]
    at::Tensor hull_width; // [P] of the smallest box around both
    at::Tensor hull_height;
};

Overlap overlap_of(const Corners& a, const Corners& b) {
    const at::Tensor width = (at::minimum(a.x1, b.x1) - at::maximum(a.x0, b.x0)).clamp_min(0);
    const at::Tensor height = (at::minimum(a.y1, b.y1) - at::maximum(a.y0, b.y0)).clamp_min(0);
    const at::Tensor common = width * height;
    Overlap overlap;
    overlap.union_area = a.area() + b.area() - common;
    overlap.iou = common / overlap.union_area.clamp_min(kEpsilon);
    overlap.hull_width = at::maximum(a.x1, b.x1) - at::minimum(a.x0, b.x0);
    overlap.hull_height = at::maximum(a.y1, b.y1) - at::minimum(a.y0, b.y0);
    return overlap;
}

void check_boxes(const at::Tensor& a, const at::Tensor& b) {
    BANYAN_CHECK(a.dim() == 2 && a.size(1) == 4 && a.sizes() == b.sizes(), "boxes: expected two tensors [P, 4], got ",
                 a.sizes(), " and ", b.sizes());
}

} // namespace

at::Tensor quality_focal_loss(const at::Tensor& logits, const at::Tensor& quality, const at::Tensor& weight,
                              double beta) {
    const at::Tensor distance = (quality - logits.sigmoid()).abs();
    return (power(distance, beta) * bce_with_logits(logits, quality) * weight).sum();
}

at::Tensor varifocal_loss(const at::Tensor& logits, const at::Tensor& quality, const at::Tensor& weight, double alpha,
                          double gamma) {
    const at::Tensor focus = at::where(quality > 0, quality, alpha * power(logits.sigmoid(), gamma));
    return (focus * bce_with_logits(logits, quality) * weight).sum();
}

at::Tensor focal_loss(const at::Tensor& logits, const at::Tensor& target, const at::Tensor& weight, double alpha,
                      double gamma) {
    const at::Tensor p = logits.sigmoid();
    const at::Tensor miss = p + target - 2 * p * target; // 1 - p_t
    const at::Tensor alpha_t = alpha * target + (1 - alpha) * (1 - target);
    return (alpha_t * power(miss, gamma) * bce_with_logits(logits, target) * weight).sum();
}

at::Tensor paired_iou(const at::Tensor& a, const at::Tensor& b) {
    check_boxes(a, b);
    return overlap_of(Corners(a), Corners(b)).iou;
}

at::Tensor giou_loss(const at::Tensor& predicted, const at::Tensor& truth) {
    check_boxes(predicted, truth);
    const Overlap overlap = overlap_of(Corners(predicted), Corners(truth));
    const at::Tensor hull = (overlap.hull_width * overlap.hull_height).clamp_min(kEpsilon);
    return 1 - overlap.iou + (hull - overlap.union_area) / hull;
}

at::Tensor ciou_loss(const at::Tensor& predicted, const at::Tensor& truth) {
    check_boxes(predicted, truth);
    const Corners a(predicted), b(truth);
    const Overlap overlap = overlap_of(a, b);
    const at::Tensor diagonal = (overlap.hull_width.square() + overlap.hull_height.square()).clamp_min(kEpsilon);
    const at::Tensor distance =
        ((a.x0 + a.x1 - b.x0 - b.x1).square() + (a.y0 + a.y1 - b.y0 - b.y1).square()) / 4; // between the centres
    const auto angle = [](const Corners& box) {
        return at::atan((box.x1 - box.x0) / (box.y1 - box.y0).clamp_min(kEpsilon));
    };
    constexpr double kScale = 4.0 / (std::numbers::pi * std::numbers::pi);
    const at::Tensor aspect = kScale * (angle(b) - angle(a)).square();
    const at::Tensor trade_off = (aspect / (1 - overlap.iou + aspect).clamp_min(kEpsilon)).detach();
    return 1 - overlap.iou + distance / diagonal + trade_off * aspect;
}

at::Tensor expected_distances(const at::Tensor& logits) {
    BANYAN_CHECK(logits.dim() == 3 && logits.size(1) == 4, "box bins: expected logits [P, 4, B], got ", logits.sizes());
    const at::Tensor distances = at::arange(logits.size(2), logits.options());
    return at::matmul(logits.softmax(2), distances); // [P, 4, B] x [B] -> [P, 4]
}

at::Tensor distribution_focal_loss(const at::Tensor& logits, const at::Tensor& distances) {
    BANYAN_CHECK(logits.dim() == 3 && logits.size(2) >= 2 && logits.sizes().slice(0, 2) == distances.sizes(),
                 "box bins: expected logits [P, 4, B] and distances [P, 4], got ", logits.sizes(), " and ",
                 distances.sizes());
    const auto last = static_cast<double>(logits.size(2) - 1);
    const at::Tensor clamped = distances.clamp(0, last);
    const at::Tensor lower = clamped.floor().clamp_max(last - 1);
    const at::Tensor share = (clamped - lower).unsqueeze(2);   // [P, 4, 1] of the upper bin
    const at::Tensor index = lower.to(at::kLong).unsqueeze(2); // [P, 4, 1]
    const at::Tensor log_shares = logits.log_softmax(2);       // [P, 4, B]
    const at::Tensor at_lower = log_shares.gather(2, index), at_upper = log_shares.gather(2, index + 1);
    return -((1 - share) * at_lower + share * at_upper).squeeze(2).mean(1);
}

at::Tensor encode_distances(const at::Tensor& anchors, const at::Tensor& strides, const at::Tensor& boxes) {
    check_boxes(anchors, boxes);
    const at::Tensor centre = (anchors.slice(1, 0, 2) + anchors.slice(1, 2, 4)) / 2; // [P, 2]
    return at::cat({centre - boxes.slice(1, 0, 2), boxes.slice(1, 2, 4) - centre}, 1) / strides.unsqueeze(1);
}

at::Tensor decode_boxes(AnchorKind kind, const at::Tensor& anchors, const at::Tensor& strides,
                        const at::Tensor& codes) {
    check_boxes(anchors, codes);
    const at::Tensor low = anchors.slice(1, 0, 2), high = anchors.slice(1, 2, 4); // [P, 2]
    const at::Tensor centre = (low + high) / 2;
    if (kind == AnchorKind::points) {
        const at::Tensor distances = codes.clamp_min(0) * strides.unsqueeze(1);
        return at::cat({centre - distances.slice(1, 0, 2), centre + distances.slice(1, 2, 4)}, 1);
    }
    const at::Tensor size = high - low;
    const at::Tensor new_centre = centre + codes.slice(1, 0, 2) * size;
    const at::Tensor half = codes.slice(1, 2, 4).clamp_max(kMaxLogRatio).exp() * size / 2;
    return at::cat({new_centre - half, new_centre + half}, 1);
}

} // namespace banyan
