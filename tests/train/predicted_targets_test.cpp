#include "train/predicted_targets.h"

#include <cmath>
#include <set>
#include <utility>

#include <gtest/gtest.h>

#include "anchors/box_coder.h"
#include "anchors/predicted_matcher.h"
#include "core/error.h"
#include "heads/box_bins.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "support/tensor_close.h"
#include "train/losses.h"

namespace banyan {
namespace {

constexpr std::int64_t kBins = 6;

/// Two levels of points with bins, three classes, three rows, of which the last is empty and fully labelled.
class MatchPredictions : public testing::Test {
protected:
    MatchPredictions() {
        torch::manual_seed(21);
        branch_.name = "b";
        branch_.options.anchors.levels = {3, 4};
        branch_.options.anchors.kind = AnchorKind::points;
        branch_.options.anchors.scales = {2};
        branch_.options.head.box_bins = kBins;
        branch_.options.matcher.kind = MatcherKind::tal;
        branch_.options.matcher.tal.top_k = 4;
        branch_.classes = {2, 0, 1};
        anchors_ = make_anchors(branch_.options.anchors, 32, 48);
        for (const AnchorLevel& level : anchors_.levels) {
            outputs_.classes.push_back(random({3, 3, level.height, level.width}));
            outputs_.boxes.push_back(random({3, 4 * kBins, level.height, level.width}));
        }
        labels_.resize(3);
        for (Labels& labels : labels_) labels.states.assign(3, LabelState::exhaustive);
        labels_[0].boxes = {{{2, 1, 25, 25}, 0}, {{10, 2, 40, 24}, 2}, {{30, 30, 32, 32}, 1}}; // the last is tiny
        labels_[1].boxes = {{{16, 0, 31, 16}, 1}, {{5, 5, 20, 30}, 0}};
        labels_[1].states[0] = LabelState::unknown;
        labels_[1].states[1] = LabelState::partial;
    }

    static at::Tensor random(at::IntArrayRef shape) {
        return torch::randn(shape, at::TensorOptions(at::kFloat).requires_grad(true));
    }
    FlatOutputs flat() const { return flatten(branch_, outputs_); }
    BranchTargets unmatched() const { return build_targets(branch_, anchors_, labels_); }
    BranchTargets matched() const { return match_predictions(branch_, anchors_, flat(), unmatched()); }

    /// The box that row n predicts at anchor r, by the coder of detection.
    Box box_at(const FlatOutputs& outputs, std::int64_t n, std::size_t r) const {
        const at::Tensor bins = outputs.codes[n][static_cast<std::int64_t>(r)].detach().contiguous();
        BoxCode code{};
        for (std::size_t side = 0; side < 4; ++side) {
            code[side] = expected_distance(bins.const_data_ptr<float>() + side * kBins, kBins);
        }
        return decode_box(AnchorKind::points, anchors_.boxes[r], anchors_.stride_of(r), code);
    }

    Branch branch_;
    AnchorSet anchors_;
    BranchOutputs outputs_;
    std::vector<Labels> labels_;
};

TEST_F(MatchPredictions, EqualsMatchingRowByRow) {
    const BranchTargets made = matched();
    const FlatOutputs outputs = flat();
    const std::vector<RowTruth> rows = find_truth(branch_, anchors_, labels_);
    ASSERT_EQ(rows.size(), 3U);
    std::int64_t p = 0;
    for (std::int64_t n = 0; n < 3; ++n) {
        const RowTruth& row = rows[static_cast<std::size_t>(n)];
        std::vector<MatchCandidate> candidates = find_match_candidates(anchors_, row.boxes);
        for (MatchCandidate& candidate : candidates) {
            const auto truth = static_cast<std::size_t>(candidate.truth);
            const float logit =
                outputs.logits[n][static_cast<std::int64_t>(candidate.anchor)][row.classes[truth]].item<float>();
            candidate.score = 1 / (1 + std::exp(-logit));
            candidate.iou = iou(box_at(outputs, n, candidate.anchor), row.boxes[truth]);
        }
        const PredictedMatches expected =
            match_predicted(anchors_.size(), row.boxes.size(), candidates, branch_.options.matcher);
        for (std::size_t r = 0; r < anchors_.size(); ++r) {
            if (expected.matches[r] < 0) continue;
            ASSERT_LT(p, made.positives());
            const auto truth = static_cast<std::size_t>(expected.matches[r]);
            EXPECT_EQ(made.positive[0][p].item<std::int64_t>(), n);
            EXPECT_EQ(made.positive[1][p].item<std::int64_t>(), static_cast<std::int64_t>(r));
            EXPECT_EQ(made.positive[2][p].item<std::int64_t>(), row.classes[truth]);
            EXPECT_EQ(made.boxes[p][2].item<float>(), row.boxes[truth].x1);
            EXPECT_NEAR(made.quality[p].item<double>(), static_cast<double>(expected.quality[r]), 1e-4);
            ++p;
        }
    }
    EXPECT_EQ(p, made.positives());
    EXPECT_GT(p, 8);
    EXPECT_TRUE(made.unmatched.empty());
}

TEST_F(MatchPredictions, LeavesTheJudgedBackgroundAsItIs) {
    const BranchTargets before = unmatched(), made = matched();
    EXPECT_EQ(before.positives(), 0);
    at::Tensor expected = before.valid.clone();
    expected.index_put_({made.positive[0], made.positive[1], made.positive[2]}, at::ones({made.positives()}));
    EXPECT_TRUE(at::equal(made.valid, expected));
    // Row 1: class id 0, in place 1, is unknown, its box too; class id 1, in place 2, is partial.
    EXPECT_EQ(made.valid[1].select(1, 1).sum().item<float>(), 0);
    const at::Tensor partial = made.valid[1].select(1, 2);
    EXPECT_GT(partial.sum().item<float>(), 0);
    EXPECT_LE(partial.sum().item<float>(), 4);
    EXPECT_TRUE((made.valid[2] == 1).all().item<bool>());
}

TEST_F(MatchPredictions, GivesEveryBoxAnAnchorWhateverIsPredicted) {
    for (const float code : {0.0F, 50.0F, -50.0F}) { // all boxes tiny, even, and again tiny
        for (at::Tensor& level : outputs_.boxes) {
            level = at::zeros_like(level);
            level.slice(1, 0, 1).fill_(code); // the first bin of the left side
        }
        const BranchTargets made = matched();
        const std::set<std::pair<std::int64_t, float>> boxes = [&] {
            std::set<std::pair<std::int64_t, float>> found;
            for (std::int64_t p = 0; p < made.positives(); ++p) {
                found.emplace(made.positive[0][p].item<std::int64_t>(), made.boxes[p][2].item<float>());
            }
            return found;
        }();
        EXPECT_EQ(boxes.size(), 4U); // three in row 0, one in row 1
    }
}

TEST_F(MatchPredictions, KeepsRowsThatHaveABoxOrBackgroundAlone) {
    labels_[0].states.assign(3, LabelState::unknown);
    labels_[1].boxes = {{{5, 5, 5, 30}, 1}}; // without an area
    labels_[1].states = {LabelState::unknown, LabelState::partial, LabelState::unknown};
    EXPECT_TRUE(at::equal(unmatched().rows, at::tensor({2}, at::kLong)));
    labels_[1].boxes = {{{5, 5, 9, 30}, 1}};
    EXPECT_TRUE(at::equal(unmatched().rows, at::tensor({1, 2}, at::kLong)));
    // Rows counted anew by the caller stay.
    BranchTargets targets = unmatched();
    targets.rows = at::tensor({4, 7}, at::kLong);
    const FlatOutputs two{flat().logits.slice(0, 1), flat().codes.slice(0, 1)};
    EXPECT_TRUE(at::equal(match_predictions(branch_, anchors_, two, targets).rows, targets.rows));
}

TEST_F(MatchPredictions, LeavesTargetsOfOtherMatchersAsTheyAre) {
    branch_.options.matcher.kind = MatcherKind::atss;
    const BranchTargets before = unmatched(), after = matched();
    EXPECT_TRUE(at::equal(before.positive, after.positive));
    EXPECT_TRUE(at::equal(before.valid, after.valid));
    EXPECT_FALSE(after.quality.defined());
}

TEST_F(MatchPredictions, MustComeBeforeTheLoss) {
    expect_error<CheckError>([&] { branch_loss(branch_, flat(), unmatched()); }, {"branch b", "predictions"});
}

TEST_F(MatchPredictions, LossIsNormalisedAndWeightedByTheQuality) {
    for (const MatcherKind kind : {MatcherKind::tal, MatcherKind::simota}) {
        branch_.options.matcher.kind = kind;
        const BranchTargets made = matched();
        const FlatOutputs outputs = flat();
        const BranchLoss loss = branch_loss(branch_, outputs, made);
        at::Tensor target = at::zeros_like(outputs.logits);
        double class_sum = 0, box_sum = 0, weight_sum = 0, quality_sum = 0;
        for (std::int64_t p = 0; p < made.positives(); ++p) {
            const auto n = made.positive[0][p].item<std::int64_t>(), r = made.positive[1][p].item<std::int64_t>();
            const double quality = made.quality[p].item<double>(), weight = std::max(quality, kLeastBoxWeight);
            target[n][r][made.positive[2][p].item<std::int64_t>()] = quality;
            const Box box = box_at(outputs, n, static_cast<std::size_t>(r));
            const at::Tensor pair = at::tensor({box.x0, box.y0, box.x1, box.y1}).view({1, 4});
            const at::Tensor truth = made.boxes[p].unsqueeze(0);
            const at::Tensor distances =
                encode_distances(made.anchors[p].unsqueeze(0), made.strides[p].unsqueeze(0), truth);
            const at::Tensor entropy =
                distribution_focal_loss(outputs.codes[n][r].detach().view({1, 4, kBins}), distances);
            box_sum += weight * (giou_loss(pair, truth).item<double>() +
                                 branch_.options.loss.bin_weight * entropy.item<double>());
            weight_sum += weight;
            quality_sum += quality;
        }
        class_sum = quality_focal_loss(outputs.logits.detach(), target.detach(), made.valid, branch_.options.loss.gamma)
                        .item<double>();
        EXPECT_NEAR(loss.classes.item<double>(), class_sum / std::max(1.0, quality_sum), 1e-4);
        EXPECT_NEAR(loss.boxes.item<double>(), box_sum / weight_sum, 1e-4);
    }
}

TEST_F(MatchPredictions, QualityIsAConstant) {
    branch_.options.loss.box_weight = 0;
    const BranchTargets made = matched();
    EXPECT_FALSE(made.quality.requires_grad());
    branch_loss(branch_, flat(), made).total.backward();
    for (const at::Tensor& level : outputs_.boxes) EXPECT_FALSE(level.grad().any().item<bool>());
    for (const at::Tensor& level : outputs_.classes) EXPECT_TRUE(level.grad().any().item<bool>());
}

} // namespace
} // namespace banyan
