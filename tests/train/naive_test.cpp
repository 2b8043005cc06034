// The naive baseline, against which masking is measured: what a data set does not label counts as background.

#include <algorithm>

#include <gtest/gtest.h>

#include "support/tensor_close.h"
#include "train/tiny_model.h"
#include "train/train_step.h"

namespace banyan {
namespace {

using test::labels_of;

constexpr int kFace = 0, kHand = 1;

class Naive : public testing::Test {
protected:
    Naive() : model_(test::tiny_options({"face", "hand"}), test::double_module()) {
        torch::manual_seed(2);
        images_ = torch::randn({3, 3, 64, 64}, at::kDouble);
    }

    StepLosses forward(Unlabelled unlabelled, const std::vector<Labels>& labels) {
        TrainOptions options = test::fp32_options();
        options.unlabelled = unlabelled;
        return TrainStep(model_, options).forward(images_, labels);
    }

    MultiTaskModel model_;
    at::Tensor images_;
};

TEST_F(Naive, UnlabelledRowsGiveBackgroundTerms) {
    const std::vector<Labels> labels{labels_of(2, {kFace}, {{{8, 8, 24, 24}, kFace}}), labels_of(2, {kFace}, {}),
                                     labels_of(2, {}, {})};
    const StepLosses masked = forward(Unlabelled::masked, labels);
    EXPECT_EQ(masked.present, (std::vector<std::string>{"face"}));
    EXPECT_EQ(masked.branches.at("face").rows, 2);

    const StepLosses naive = forward(Unlabelled::background, labels);
    EXPECT_EQ(naive.present, (std::vector<std::string>{"face", "hand"}));
    EXPECT_EQ(naive.branches.at("face").rows, 3);
    EXPECT_EQ(naive.branches.at("hand").rows, 3);
    EXPECT_EQ(naive.branches.at("hand").positives, 0);
    EXPECT_GT(naive.branches.at("hand").class_loss, 0);
    naive.total.backward();
    // Pushed towards "no hand" everywhere: the bias is to fall.
    EXPECT_GT(model_.module().tensor("branches.hand.cls.bias").grad().item<double>(), 0);
}

TEST_F(Naive, EqualsMaskedTrainingOnLabelsThatCallTheRestAbsent) {
    std::vector<Labels> labels{labels_of(2, {kFace}, {{{8, 8, 24, 24}, kFace}}),
                               labels_of(2, {kHand}, {{{20, 30, 44, 60}, kHand}}), labels_of(2, {kFace}, {})};
    const StepLosses naive = forward(Unlabelled::background, labels);
    for (Labels& entry : labels) {
        std::replace(entry.states.begin(), entry.states.end(), LabelState::unknown, LabelState::absent);
    }
    EXPECT_TRUE(at::equal(forward(Unlabelled::masked, labels).total, naive.total));
}

TEST_F(Naive, PartialLabelsStayPartial) {
    std::vector<Labels> labels(3, labels_of(2, {}, {}));
    for (Labels& entry : labels) entry.states = {LabelState::partial, LabelState::exhaustive};
    EXPECT_EQ(forward(Unlabelled::background, labels).present, (std::vector<std::string>{"hand"}));
}

TEST_F(Naive, RegionsThatAreUnknownAreBackgroundToo) {
    std::vector<Labels> labels(3, labels_of(2, {}, {}));
    for (Labels& entry : labels) {
        entry.states = {LabelState::exhaustive, LabelState::exhaustive};
        entry.regions = {{Box{0, 0, 40, 64}, {LabelState::unknown, LabelState::unknown}}};
    }
    const StepLosses masked = forward(Unlabelled::masked, labels), naive = forward(Unlabelled::background, labels);
    for (Labels& entry : labels) entry.regions.clear();
    const StepLosses plain = forward(Unlabelled::masked, labels);
    EXPECT_TRUE(at::equal(naive.total, plain.total));
    EXPECT_LT(masked.total.item<double>(), plain.total.item<double>()); // fewer background terms, no positives
}

} // namespace
} // namespace banyan
