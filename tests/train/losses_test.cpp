#include "train/losses.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "anchors/box_coder.h"
#include "core/error.h"
#include "heads/box_bins.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "support/gradient_check.h"
#include "support/random_boxes.h"

namespace banyan {
namespace {

using test::expect_gradient;

constexpr test::Tolerance kExact{1e-12, 1e-12};

at::Tensor row(const std::vector<double>& values) { return at::tensor(at::ArrayRef<double>(values), at::kDouble); }

/// [P, 4] float64
at::Tensor boxes_tensor(const std::vector<Box>& boxes) {
    std::vector<double> values;
    for (const Box& box : boxes) {
        for (const float side : {box.x0, box.y0, box.x1, box.y1}) values.push_back(static_cast<double>(side));
    }
    return row(values).view({-1, 4});
}

/// Pairs that overlap, that lie in each other and that do not meet, in the scale of 10 pixels.
struct BoxPairs {
    at::Tensor predicted = boxes_tensor(random_boxes(24, 1, 10, 10));
    at::Tensor truth = boxes_tensor(random_boxes(24, 2, 10, 10));
};

class ClassTerms : public testing::Test {
protected:
    ClassTerms() { torch::manual_seed(5); }
    at::Tensor logits_ = torch::randn({6, 4}, at::kDouble) * 3;
    at::Tensor quality_ = torch::rand({6, 4}, at::kDouble);
    at::Tensor target_ = torch::rand({6, 4}, at::kDouble).round();
    at::Tensor weight_ = torch::randint(0, 3, {6, 4}, at::kDouble) / 2;
};

TEST_F(ClassTerms, GradientOfQualityFocalLossIsThatOfItsValues) {
    for (const double beta : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0}) {
        expect_gradient([&](const at::Tensor& x) { return quality_focal_loss(x, quality_, weight_, beta); }, logits_);
    }
}

TEST_F(ClassTerms, GradientOfFocalLossIsThatOfItsValues) {
    for (const double gamma : {0.0, 0.5, 1.0, 2.0, 3.5}) {
        expect_gradient([&](const at::Tensor& x) { return focal_loss(x, target_, weight_, 0.25, gamma); }, logits_);
    }
}

TEST_F(ClassTerms, GradientOfVarifocalLossIsThatOfItsValues) {
    const at::Tensor quality = quality_ * target_; // background among them
    for (const double gamma : {0.0, 0.5, 1.0, 2.0, 3.5}) {
        expect_gradient([&](const at::Tensor& x) { return varifocal_loss(x, quality, weight_, 0.75, gamma); }, logits_);
    }
}

TEST_F(ClassTerms, FocalLossWithoutFocusIsHalfTheCrossEntropy) {
    const at::Tensor expected =
        at::binary_cross_entropy_with_logits(logits_, target_, weight_, {}, at::Reduction::Sum) / 2;
    // softplus() drops exp(-x) above x = 20, hence not to the last bit.
    expect_close(focal_loss(logits_, target_, weight_, 0.5, 0), expected, {1e-9, 1e-9});
}

TEST_F(ClassTerms, TermsWithoutWeightChangeNothing) {
    const at::Tensor moved = at::where(weight_ == 0, logits_ + 7, logits_);
    expect_close(quality_focal_loss(moved, quality_, weight_, 2), quality_focal_loss(logits_, quality_, weight_, 2));
    expect_close(focal_loss(moved, target_, weight_, 0.25, 2), focal_loss(logits_, target_, weight_, 0.25, 2));
    expect_close(varifocal_loss(moved, target_, weight_, 0.75, 2), varifocal_loss(logits_, target_, weight_, 0.75, 2));
}

TEST(QualityFocalLoss, EqualsHandComputedValues) {
    // p = 1/2; bce = ln 2 for every quality.
    const at::Tensor one = row({1});
    expect_close(quality_focal_loss(row({0}), row({1}), one, 2), row({0.25 * std::numbers::ln2}).sum(), kExact);
    expect_close(quality_focal_loss(row({0}), row({0.75}), one, 1), row({0.25 * std::numbers::ln2}).sum(), kExact);
    expect_close(quality_focal_loss(row({0}), row({0.5}), one, 2), row({0}).sum(), kExact);
    // p = 3/4: (1/4)^2 * -ln(3/4), weighted by 2.
    expect_close(quality_focal_loss(row({std::log(3)}), row({1}), row({2}), 2), row({-2 * std::log(0.75) / 16}).sum(),
                 kExact);
}

TEST(FocalLoss, EqualsHandComputedValues) {
    const at::Tensor one = row({1});
    // Positive: alpha * (1/2)^2 * ln 2; negative: (1 - alpha) * the same.
    expect_close(focal_loss(row({0}), row({1}), one, 0.25, 2), row({0.0625 * std::numbers::ln2}).sum(), kExact);
    expect_close(focal_loss(row({0}), row({0}), one, 0.25, 2), row({0.1875 * std::numbers::ln2}).sum(), kExact);
    // p = 3/4, negative: (3/4)^3 * -ln(1/4) * 3/4.
    expect_close(focal_loss(row({std::log(3)}), row({0}), one, 0.25, 3), row({-0.75 * 27 / 64 * std::log(0.25)}).sum(),
                 kExact);
}

TEST(VarifocalLoss, EqualsHandComputedValues) {
    const at::Tensor one = row({1});
    // Positives: q * bce; p = 1/2 and bce = ln 2.
    expect_close(varifocal_loss(row({0}), row({1}), one, 0.75, 2), row({std::numbers::ln2}).sum(), kExact);
    expect_close(varifocal_loss(row({0}), row({0.4}), one, 0.75, 2), row({0.4 * std::numbers::ln2}).sum(), kExact);
    // Background: alpha * p^gamma * -ln(1 - p); p = 3/4, weighted by 2.
    expect_close(varifocal_loss(row({std::log(3)}), row({0}), row({2}), 0.75, 2),
                 row({2 * 0.75 * 9 / 16 * -std::log(0.25)}).sum(), kExact);
}

TEST(ClassLosses, StayFiniteForExtremeLogits) {
    for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
        const at::Tensor logits = row({-1e4, -200, -90, -20, 0, 20, 90, 200, 1e4}).to(dtype);
        for (const double target : {0.0, 1.0}) {
            const at::Tensor targets = at::full_like(logits, target), ones = at::ones_like(logits);
            for (const double power : {0.0, 0.5, 1.0, 1.5, 2.0}) {
                const auto finite = [&](const test::ScalarFunction& loss) {
                    return at::isfinite(loss(logits)).all().item<bool>() &&
                           at::isfinite(test::autograd_gradient(loss, logits)).all().item<bool>();
                };
                EXPECT_TRUE(finite([&](const at::Tensor& x) { return quality_focal_loss(x, targets, ones, power); }))
                    << dtype << ", quality " << target << ", beta " << power;
                EXPECT_TRUE(finite([&](const at::Tensor& x) { return focal_loss(x, targets, ones, 0.25, power); }))
                    << dtype << ", target " << target << ", gamma " << power;
                EXPECT_TRUE(finite([&](const at::Tensor& x) { return varifocal_loss(x, targets, ones, 0.75, power); }))
                    << dtype << ", varifocal, quality " << target << ", gamma " << power;
            }
        }
    }
}

TEST(PairedIou, EqualsIouOfEachPair) {
    const std::vector<Box> a = random_boxes(50, 3), b = random_boxes(50, 4);
    const at::Tensor ious = paired_iou(boxes_tensor(a), boxes_tensor(b));
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_NEAR(ious[static_cast<std::int64_t>(i)].item<double>(), static_cast<double>(iou(a[i], b[i])), 1e-6);
    }
}

TEST(GiouLoss, EqualsHandComputedValues) {
    const at::Tensor a = boxes_tensor({{0, 0, 2, 2}, {0, 0, 1, 1}, {1, 2, 3, 5}});
    const at::Tensor b = boxes_tensor({{1, 1, 3, 3}, {2, 0, 3, 1}, {1, 2, 3, 5}});
    // Common 1, union 7, hull 9; common 0, union 2, hull 3; equal boxes.
    expect_close(giou_loss(a, b), row({1 - 1.0 / 7 + 2.0 / 9, 1 + 1.0 / 3, 0}), kExact);
}

TEST(GiouLoss, GradientIsThatOfItsValues) {
    const BoxPairs pairs;
    expect_gradient([&](const at::Tensor& x) { return giou_loss(x, pairs.truth).sum(); }, pairs.predicted);
}

/// 1 - IoU, squared distance of the centres over the squared diagonal of the hull, and the aspect term v.
struct CiouParts {
    double base = 0, aspect = 0;
    double trade_off() const { return aspect / (base_iou_loss + aspect); }
    double base_iou_loss = 0;
};

CiouParts ciou_parts(const at::Tensor& predicted, const at::Tensor& truth) {
    const auto a = predicted.accessor<double, 1>(), b = truth.accessor<double, 1>();
    const double width = std::max(0.0, std::min(a[2], b[2]) - std::max(a[0], b[0]));
    const double height = std::max(0.0, std::min(a[3], b[3]) - std::max(a[1], b[1]));
    const double areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]);
    const double dx = (a[0] + a[2] - b[0] - b[2]) / 2, dy = (a[1] + a[3] - b[1] - b[3]) / 2;
    const double hull_width = std::max(a[2], b[2]) - std::min(a[0], b[0]);
    const double hull_height = std::max(a[3], b[3]) - std::min(a[1], b[1]);
    const double angle = std::atan2(b[2] - b[0], b[3] - b[1]) - std::atan2(a[2] - a[0], a[3] - a[1]);
    CiouParts parts;
    parts.base_iou_loss = 1 - width * height / (areas - width * height);
    parts.base = parts.base_iou_loss + (dx * dx + dy * dy) / (hull_width * hull_width + hull_height * hull_height);
    parts.aspect = 4 / (std::numbers::pi * std::numbers::pi) * angle * angle;
    return parts;
}

TEST(CiouLoss, EqualsHandComputedValues) {
    const at::Tensor a = boxes_tensor({{0, 0, 2, 2}, {0, 0, 2, 1}, {1, 2, 3, 5}});
    const at::Tensor b = boxes_tensor({{1, 1, 3, 3}, {0, 0, 1, 2}, {1, 2, 3, 5}});
    // Same shape: distance 2 of 18. Crossed shapes: IoU 1/3, distance 1/2 of 8, v = (2/pi (atan 2 - atan 1/2))^2.
    const double v = std::pow(2 / std::numbers::pi * (std::atan(2.0) - std::atan(0.5)), 2);
    expect_close(ciou_loss(a, b), row({1 - 1.0 / 7 + 1.0 / 9, 2.0 / 3 + 1.0 / 16 + v * v / (2.0 / 3 + v), 0}), kExact);
}

TEST(CiouLoss, GradientTakesTheTradeOffForAConstant) {
    const BoxPairs pairs;
    std::vector<double> trade_offs;
    for (std::int64_t i = 0; i < pairs.truth.size(0); ++i) {
        trade_offs.push_back(ciou_parts(pairs.predicted[i], pairs.truth[i]).trade_off());
    }
    const auto reference = [&](const at::Tensor& predicted) {
        double sum = 0;
        for (std::int64_t i = 0; i < predicted.size(0); ++i) {
            const CiouParts parts = ciou_parts(predicted[i], pairs.truth[i]);
            sum += parts.base + trade_offs[static_cast<std::size_t>(i)] * parts.aspect;
        }
        return at::scalar_tensor(sum, at::kDouble);
    };
    const auto loss = [&](const at::Tensor& predicted) { return ciou_loss(predicted, pairs.truth).sum(); };
    expect_close(loss(pairs.predicted), reference(pairs.predicted), kExact);
    expect_close(test::autograd_gradient(loss, pairs.predicted), test::numeric_gradient(reference, pairs.predicted),
                 {0, 1e-5});
}

TEST(BoxLosses, StayFiniteForBoxesWithoutArea) {
    const at::Tensor empty = boxes_tensor({{3, 3, 3, 3}, {1, 2, 1, 6}}),
                     whole = boxes_tensor({{0, 0, 4, 4}, {0, 0, 9, 9}});
    for (const auto& loss : {giou_loss, ciou_loss}) {
        const auto sum = [&](const at::Tensor& x) { return loss(x, whole).sum(); };
        EXPECT_TRUE(at::isfinite(sum(empty)).item<bool>());
        EXPECT_TRUE(at::isfinite(test::autograd_gradient(sum, empty)).all().item<bool>());
        EXPECT_TRUE(at::isfinite(loss(empty, empty)).all().item<bool>());
        EXPECT_EQ(loss(empty.slice(0, 0, 0), whole.slice(0, 0, 0)).numel(), 0);
    }
}

TEST(BoxLosses, RefuseShapesThatDisagree) {
    const at::Tensor two = at::zeros({2, 4}), three = at::zeros({3, 4});
    for (const auto& loss : {giou_loss, ciou_loss, paired_iou}) {
        expect_error<CheckError>([&] { loss(two, three); }, {"[2, 4]", "[3, 4]"});
        expect_error<CheckError>([&] { loss(at::zeros({4}), at::zeros({4})); }, {"[P, 4]"});
    }
}

TEST(DistributionFocalLoss, EqualsHandComputedValues) {
    // Even over 4 bins: ln 4 for any distance, also those beyond the bins.
    const at::Tensor even = at::zeros({1, 4, 4}, at::kDouble);
    expect_close(distribution_focal_loss(even, row({0, 1.3, 3, 7}).view({1, 4})), row({std::log(4)}), kExact);
    // Shares 1/8, 4/8, 2/8, 1/8 in each side; distance 1.25 asks 3/4 of bin 1 and 1/4 of bin 2, 0 asks bin 0 alone, 3
    // and all above bin 3 alone, negative ones bin 0.
    const at::Tensor logits = row({1, 4, 2, 1}).log().expand({1, 4, 4});
    const double first = -(0.75 * std::log(0.5) + 0.25 * std::log(0.25)), end = -std::log(0.125);
    expect_close(distribution_focal_loss(logits, row({1.25, 0, 3, -2}).view({1, 4})), row({(first + 3 * end) / 4}),
                 kExact);
}

TEST(DistributionFocalLoss, GradientIsThatOfItsValues) {
    torch::manual_seed(11);
    const at::Tensor logits = torch::randn({5, 4, 6}, at::kDouble) * 2;
    const at::Tensor distances = torch::rand({5, 4}, at::kDouble) * 7 - 1; // beyond both ends
    expect_gradient([&](const at::Tensor& x) { return distribution_focal_loss(x, distances).square().sum(); }, logits);
}

TEST(DistributionFocalLoss, IsLeastWhereTheExpectationIsTheDistance) {
    const double distance = 2.3;
    at::Tensor best = at::full({1, 4, 5}, -1e3, at::kDouble);
    best.select(2, 2).fill_(std::log(0.7));
    best.select(2, 3).fill_(std::log(0.3));
    const at::Tensor distances = at::full({1, 4}, distance, at::kDouble);
    expect_close(expected_distances(best), distances, {1e-9, 1e-9});
    const auto loss = [&](const at::Tensor& x) { return distribution_focal_loss(x, distances).sum(); };
    expect_close(test::autograd_gradient(loss, best), at::zeros_like(best), {0, 1e-9});
}

TEST(DistributionFocalLoss, RefusesShapesThatDisagree) {
    expect_error<CheckError>(
        [] {
            distribution_focal_loss(at::zeros({2, 4, 8}), at::zeros({3, 4}));
        },
        {"[2, 4, 8]", "[3, 4]"});
    expect_error<CheckError>([] { expected_distances(at::zeros({2, 8})); }, {"[P, 4, B]", "[2, 8]"});
}

TEST(ExpectedDistances, EqualTheDecoderOfDetection) {
    torch::manual_seed(12);
    const at::Tensor logits = torch::randn({20, 4, 16}) * 4;
    const at::Tensor distances = expected_distances(logits);
    const auto* values = logits.const_data_ptr<float>();
    for (std::int64_t i = 0; i < distances.numel(); ++i) {
        EXPECT_NEAR(distances.flatten()[i].item<float>(), expected_distance(values + 16 * i, 16), 1e-5) << i;
    }
}

TEST(ExpectedDistances, GradientIsThatOfItsValues) {
    torch::manual_seed(13);
    expect_gradient([](const at::Tensor& x) { return expected_distances(x).square().sum(); },
                    torch::randn({3, 4, 5}, at::kDouble));
}

/// Anchors of 8 to 16 pixels with codes in the usual range, negative distances among them.
struct CodedAnchors {
    at::Tensor anchors = boxes_tensor({{0, 0, 16, 8}, {4, 4, 12, 20}, {-4, -4, 12, 12}, {8, 8, 24, 16}});
    at::Tensor strides = row({8, 8, 16, 4});
    at::Tensor codes =
        row({0.1, -0.2, 0.3, -0.4, 1.5, 0.7, -1.2, 0.9, -0.6, 0.2, 0.5, 0.1, 2, -1, 0.4, 3}).view({4, 4});
};

TEST(DecodeBoxes, GradientIsThatOfItsValues) {
    const CodedAnchors coded;
    const at::Tensor mix = torch::arange(1, 17, at::kDouble).view({4, 4}) / 16;
    for (const AnchorKind kind : {AnchorKind::boxes, AnchorKind::points}) {
        expect_gradient(
            [&](const at::Tensor& x) { return (decode_boxes(kind, coded.anchors, coded.strides, x) * mix).sum(); },
            coded.codes);
    }
}

TEST(EncodeDistances, AreDecodedToTheBoxes) {
    const CodedAnchors coded;
    const at::Tensor inside = coded.codes.abs();
    const at::Tensor boxes = decode_boxes(AnchorKind::points, coded.anchors, coded.strides, inside);
    expect_close(encode_distances(coded.anchors, coded.strides, boxes), inside, kExact);
}

TEST(DecodeBoxes, EqualsTheCoderOfDetection) {
    const CodedAnchors coded;
    at::Tensor extreme = coded.codes.clone();
    extreme.index_put_({0}, row({-3, 3, 50, -50}));
    extreme.index_put_({1}, row({0, 0, -6, 6}));
    for (const AnchorKind kind : {AnchorKind::boxes, AnchorKind::points}) {
        for (const at::Tensor& codes : {coded.codes, extreme}) {
            const at::Tensor decoded = decode_boxes(kind, coded.anchors, coded.strides, codes);
            for (std::int64_t i = 0; i < codes.size(0); ++i) {
                const at::Tensor anchor = coded.anchors[i].to(at::kFloat), code = codes[i].to(at::kFloat);
                const auto* a = anchor.const_data_ptr<float>();
                const auto* c = code.const_data_ptr<float>();
                const Box box =
                    decode_box(kind, {a[0], a[1], a[2], a[3]}, coded.strides[i].item<int>(), {c[0], c[1], c[2], c[3]});
                expect_close(decoded[i], boxes_tensor({box})[0], {1e-6, 1e-4});
            }
        }
    }
}

TEST(DecodeBoxes, NegativeDistancesAndClampedSizesHaveNoGradient) {
    const CodedAnchors coded;
    const auto gradient = [&](AnchorKind kind, const at::Tensor& codes) {
        return test::autograd_gradient(
            [&](const at::Tensor& x) { return decode_boxes(kind, coded.anchors, coded.strides, x).square().sum(); },
            codes);
    };
    const at::Tensor of_points = gradient(AnchorKind::points, coded.codes);
    EXPECT_TRUE(at::equal(of_points == 0, coded.codes < 0));
    at::Tensor wide = coded.codes.clone();
    wide.slice(1, 2, 4).fill_(kMaxLogRatio + 0.1);
    EXPECT_TRUE((gradient(AnchorKind::boxes, wide).slice(1, 2, 4) == 0).all().item<bool>());
}

} // namespace
} // namespace banyan
