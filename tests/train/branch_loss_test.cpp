#include "train/branch_loss.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "anchors/box_coder.h"
#include "core/error.h"
#include "heads/box_bins.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "support/gradient_check.h"
#include "train/losses.h"

namespace banyan {
namespace {

using test::expect_gradient;

/// Two levels, two anchors a cell, three classes, two rows: no two extents are alike.
class BranchLosses : public testing::Test {
protected:
    BranchLosses() {
        torch::manual_seed(9);
        branch_.name = "b";
        branch_.options.anchors.levels = {3, 4};
        branch_.options.anchors.scales = {2, 3};
        branch_.options.loss.weight = 0.7;
        branch_.classes = {2, 0, 1};
        anchors_ = make_anchors(branch_.options.anchors, 16, 32);
        for (const AnchorLevel& level : anchors_.levels) {
            outputs_.classes.push_back(random({2, 2 * 3, level.height, level.width}));
            outputs_.boxes.push_back(random({2, 2 * 4, level.height, level.width}));
        }
        labels_.resize(2);
        for (Labels& labels : labels_) labels.states.assign(3, LabelState::exhaustive);
        labels_[0].boxes = {{{2, 1, 15, 15}, 0}, {{10, 2, 30, 14}, 2}};
        labels_[1].boxes = {{{16, 0, 31, 16}, 1}};
        labels_[1].states[0] = LabelState::unknown;
    }

    static at::Tensor random(at::IntArrayRef shape) {
        return torch::randn(shape, at::TensorOptions(at::kDouble).requires_grad(true));
    }
    BranchTargets targets() const { return build_targets(branch_, anchors_, labels_); }
    BranchLoss loss() const { return branch_loss(branch_, flatten(branch_, outputs_), targets()); }

    /// Output `channel` of anchor r, read as the layout is documented: level, row, column, anchor of the cell.
    double at_anchor(const std::vector<at::Tensor>& maps, std::int64_t n, std::size_t r, std::int64_t channels,
                     std::int64_t channel) const {
        std::size_t l = anchors_.levels.size() - 1;
        while (r < anchors_.levels[l].first) --l;
        const AnchorLevel& level = anchors_.levels[l];
        const auto local = static_cast<std::int64_t>(r - level.first);
        const auto a = local % 2, cell = local / 2;
        return maps[l][n][a * channels + channel][cell / level.width][cell % level.width].item<double>();
    }

    Branch branch_;
    AnchorSet anchors_;
    BranchOutputs outputs_;
    std::vector<Labels> labels_;
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double bce(double logit, double target) {
    return -target * std::log(sigmoid(logit)) - (1 - target) * std::log(1 - sigmoid(logit));
}

TEST_F(BranchLosses, EqualALoopOverAnchorsAndClasses) {
    const BranchTargets made = targets();
    std::vector<std::vector<double>> quality(2 * anchors_.size(), std::vector<double>(3, 0.0));
    double box_sum = 0, confidence_sum = 0;
    ASSERT_GT(made.positives(), 3);
    for (std::int64_t p = 0; p < made.positives(); ++p) {
        const auto n = made.positive[0][p].item<std::int64_t>(), k = made.positive[2][p].item<std::int64_t>();
        const auto r = static_cast<std::size_t>(made.positive[1][p].item<std::int64_t>());
        BoxCode code{};
        for (std::int64_t i = 0; i < 4; ++i) {
            code[static_cast<std::size_t>(i)] = static_cast<float>(at_anchor(outputs_.boxes, n, r, 4, i));
        }
        const Box box = decode_box(AnchorKind::boxes, anchors_.boxes[r], anchors_.stride_of(r), code);
        const at::Tensor pair = at::tensor({box.x0, box.y0, box.x1, box.y1}).view({1, 4});
        quality[static_cast<std::size_t>(n) * anchors_.size() + r][static_cast<std::size_t>(k)] =
            paired_iou(pair, made.boxes[p].unsqueeze(0)).item<double>();
        const double confidence = sigmoid(at_anchor(outputs_.classes, n, r, 3, k));
        box_sum += confidence * giou_loss(pair, made.boxes[p].unsqueeze(0)).item<double>();
        confidence_sum += confidence;
    }
    double class_sum = 0;
    for (std::int64_t n = 0; n < 2; ++n) {
        for (std::size_t r = 0; r < anchors_.size(); ++r) {
            for (std::int64_t k = 0; k < 3; ++k) {
                if (made.valid[n][static_cast<std::int64_t>(r)][k].item<float>() == 0) continue;
                const double logit = at_anchor(outputs_.classes, n, r, 3, k);
                const double target =
                    quality[static_cast<std::size_t>(n) * anchors_.size() + r][static_cast<std::size_t>(k)];
                class_sum += std::pow(std::abs(target - sigmoid(logit)), 2) * bce(logit, target);
            }
        }
    }
    const BranchLoss got = loss();
    EXPECT_NEAR(got.classes.item<double>(), class_sum / static_cast<double>(made.positives()), 1e-5);
    EXPECT_NEAR(got.boxes.item<double>(), box_sum / confidence_sum, 1e-5);
    EXPECT_NEAR(got.total.item<double>(), 0.7 * (got.classes.item<double>() + 2 * got.boxes.item<double>()), 1e-9);
}

TEST_F(BranchLosses, FocalLossTakesPositivesForOne) {
    branch_.options.loss.class_loss = ClassLossKind::focal;
    branch_.options.loss.gamma = 0;
    branch_.options.loss.alpha = 0.5;
    const BranchTargets made = targets();
    double sum = 0;
    for (std::int64_t n = 0; n < 2; ++n) {
        for (std::size_t r = 0; r < anchors_.size(); ++r) {
            for (std::int64_t k = 0; k < 3; ++k) {
                bool positive = false;
                for (std::int64_t p = 0; p < made.positives(); ++p) {
                    positive = positive || (made.positive[0][p].item<std::int64_t>() == n &&
                                            made.positive[1][p].item<std::int64_t>() == static_cast<std::int64_t>(r) &&
                                            made.positive[2][p].item<std::int64_t>() == k);
                }
                const double weight = made.valid[n][static_cast<std::int64_t>(r)][k].item<double>();
                sum += weight * bce(at_anchor(outputs_.classes, n, r, 3, k), positive ? 1 : 0) / 2;
            }
        }
    }
    EXPECT_NEAR(loss().classes.item<double>(), sum / static_cast<double>(made.positives()), 1e-6);
}

/// The same rows with points of 6 bins a side.
class BinLosses : public BranchLosses {
protected:
    static constexpr std::int64_t kBins = 6;
    BinLosses() {
        branch_.options.anchors.kind = AnchorKind::points;
        branch_.options.anchors.scales = {2};
        branch_.options.head.box_bins = kBins;
        branch_.options.loss.bin_weight = 0.3;
        anchors_ = make_anchors(branch_.options.anchors, 16, 32);
        outputs_ = {};
        for (const AnchorLevel& level : anchors_.levels) {
            outputs_.classes.push_back(random({2, 3, level.height, level.width}));
            outputs_.boxes.push_back(random({2, 4 * kBins, level.height, level.width}));
        }
    }
    /// Logits of side `side` of the only anchor of a cell.
    std::vector<float> bins_at(std::int64_t n, std::size_t r, std::size_t side) const {
        const std::size_t l = r < anchors_.levels[1].first ? 0 : 1;
        const auto cell = static_cast<std::int64_t>(r - anchors_.levels[l].first);
        const at::Tensor map = outputs_.boxes[l][n];
        std::vector<float> bins;
        for (std::int64_t i = 0; i < kBins; ++i) {
            const std::int64_t channel = static_cast<std::int64_t>(side) * kBins + i;
            bins.push_back(map[channel][cell / map.size(2)][cell % map.size(2)].item<float>());
        }
        return bins;
    }
};

/// -log of the softmax at a place between two bins, written out.
double bin_entropy(const std::vector<float>& bins, double distance) {
    double sum = 0;
    for (const float bin : bins) sum += std::exp(static_cast<double>(bin));
    const double inside = std::clamp(distance, 0.0, static_cast<double>(bins.size() - 1));
    double loss = 0;
    for (std::size_t i = 0; i < bins.size(); ++i) {
        const double share = std::max(0.0, 1 - std::abs(static_cast<double>(i) - inside));
        loss -= share * (static_cast<double>(bins[i]) - std::log(sum));
    }
    return loss;
}

TEST_F(BinLosses, EqualALoopOverPositivesAndSides) {
    const BranchTargets made = targets();
    ASSERT_GT(made.positives(), 3);
    double sum = 0, confidence_sum = 0;
    for (std::int64_t p = 0; p < made.positives(); ++p) {
        const auto n = made.positive[0][p].item<std::int64_t>(), k = made.positive[2][p].item<std::int64_t>();
        const auto r = static_cast<std::size_t>(made.positive[1][p].item<std::int64_t>());
        const auto* truth = made.boxes[p].const_data_ptr<float>();
        const BoxCode distances = encode_box(AnchorKind::points, anchors_.boxes[r], anchors_.stride_of(r),
                                             {truth[0], truth[1], truth[2], truth[3]});
        BoxCode code{};
        double entropy = 0;
        for (std::size_t side = 0; side < 4; ++side) {
            const std::vector<float> bins = bins_at(n, r, side);
            code[side] = expected_distance(bins.data(), bins.size());
            entropy += bin_entropy(bins, static_cast<double>(distances[side])) / 4;
        }
        const Box box = decode_box(AnchorKind::points, anchors_.boxes[r], anchors_.stride_of(r), code);
        const at::Tensor pair = at::tensor({box.x0, box.y0, box.x1, box.y1}).view({1, 4});
        const double overlap = giou_loss(pair, made.boxes[p].unsqueeze(0)).item<double>();
        const std::size_t l = r < anchors_.levels[1].first ? 0 : 1;
        const auto cell = static_cast<std::int64_t>(r - anchors_.levels[l].first);
        const double confidence = sigmoid(outputs_.classes[l][n][k].flatten()[cell].item<double>());
        sum += confidence * (overlap + 0.3 * entropy);
        confidence_sum += confidence;
    }
    EXPECT_NEAR(loss().boxes.item<double>(), sum / confidence_sum, 1e-5);
}

TEST_F(BinLosses, GradientIsThatOfTheirValues) {
    branch_.options.loss.class_loss = ClassLossKind::focal; // else the target moves with the boxes
    const BranchTargets made = targets();
    const at::Tensor level = outputs_.boxes[0].detach();
    expect_gradient(
        [&](const at::Tensor& x) {
            outputs_.boxes[0] = x;
            return branch_loss(branch_, flatten(branch_, outputs_), made).total;
        },
        level);
}

TEST_F(BranchLosses, OutputsThatAreNotJudgedHaveNoGradient) {
    loss().total.backward();
    const at::Tensor unknown = outputs_.classes[0].grad()[1].view({2, 3, -1}).select(1, 1); // class id 0 in row 1
    EXPECT_TRUE((unknown == 0).all().item<bool>());
    EXPECT_TRUE((outputs_.classes[0].grad()[0] != 0).all().item<bool>());
    // Box codes learn at positives only.
    at::Tensor moved = at::zeros({}, at::kLong);
    for (const at::Tensor& level : outputs_.boxes) moved = moved + (level.grad() != 0).sum();
    EXPECT_LE(moved.item<std::int64_t>(), 4 * targets().positives());
    EXPECT_GT(moved.item<std::int64_t>(), 0);
}

TEST_F(BranchLosses, WithoutPositivesOnlyClassesLearn) {
    for (Labels& labels : labels_) labels.boxes.clear();
    const BranchLoss got = loss();
    EXPECT_EQ(got.boxes.item<double>(), 0);
    EXPECT_GT(got.classes.item<double>(), 0); // divided by 1
    got.total.backward();
    for (const at::Tensor& level : outputs_.boxes)
        EXPECT_FALSE((level.grad().defined() && level.grad().any().item<bool>()));
}

TEST_F(BranchLosses, QualityAndConfidenceAreConstants) {
    // Scaling the box loss away leaves the class loss's gradient, which must not reach the codes through the IoU.
    branch_.options.loss.box_weight = 0;
    loss().total.backward();
    for (const at::Tensor& level : outputs_.boxes) EXPECT_FALSE(level.grad().any().item<bool>());
    for (at::Tensor& level : outputs_.classes) level.mutable_grad().reset();
    loss().boxes.backward();
    for (const at::Tensor& level : outputs_.classes) EXPECT_FALSE(level.grad().defined());
}

TEST_F(BranchLosses, RefuseOutputsOfAnotherShape) {
    outputs_.classes.pop_back();
    outputs_.boxes.pop_back();
    expect_error<CheckError>([&] { loss(); }, {"branch b", "expected logits of shape"});
}

} // namespace
} // namespace banyan
