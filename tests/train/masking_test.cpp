// What masked training promises: a branch learns from the rows that label it and from nothing else, and the trunk's
// gradient is the sum of what the branches would give alone.

#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/tensor_close.h"
#include "train/tiny_model.h"
#include "train/train_step.h"

namespace banyan {
namespace {

using test::labels_of;
using Gradients = std::map<std::string, at::Tensor>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr test::Tolerance kRounding{1e-9, 1e-12};
const std::vector<std::string> kTasks{"person", "head", "face", "hand"};
constexpr int kPerson = 0, kHead = 1, kFace = 2, kHand = 3;

struct StepResult {
    StepLosses losses;
    Gradients gradients;
};

class Masking : public testing::Test {
protected:
    Masking() : Masking(test::tiny_options(kTasks)) {}
    explicit Masking(const ModelOptions& options)
        : model_(options, test::double_module()), step_(model_, test::fp32_options()) {
        torch::manual_seed(11);
        images_ = torch::randn({5, 3, 64, 64}, at::kDouble);
    }

    StepResult run(const at::Tensor& images, const std::vector<Labels>& labels) {
        StepResult result;
        result.losses = step_.forward(images, labels);
        if (result.losses.total.defined()) result.losses.total.backward();
        result.gradients = test::take_gradients(model_.module());
        return result;
    }
    StepResult run(const std::vector<Labels>& labels) { return run(images_, labels); }

    MultiTaskModel model_;
    TrainStep step_;
    at::Tensor images_;
};

/// The neck lies under the backbone's prefix, so that all norms of the trunk are frozen: rows then do not touch each
/// other there, whichever of them take part.
ModelOptions frozen_trunk_options() {
    ModelOptions options = test::tiny_options(kTasks);
    options.neck.name = options.backbone.name + ".neck";
    return options;
}

class MaskingWithFrozenTrunk : public Masking {
protected:
    MaskingWithFrozenTrunk() : Masking(frozen_trunk_options()) {}
};

/// Points with bins, matched by what the network predicts.
ModelOptions predicted_options() {
    ModelOptions options = frozen_trunk_options();
    for (BranchOptions& branch : options.branches) {
        branch.anchors.kind = AnchorKind::points;
        branch.head.box_bins = 8;
        branch.matcher.kind = MatcherKind::tal;
    }
    return options;
}

class MaskingByPrediction : public Masking {
protected:
    MaskingByPrediction() : Masking(predicted_options()) {}
};

/// Rows that each label something else: one task, two, all, and none of person.
std::vector<Labels> mixed_labels() {
    return {labels_of(4, {kPerson}, {{{4, 4, 40, 60}, kPerson}}),
            labels_of(4, {kHead, kFace}, {{{8, 8, 24, 24}, kHead}, {{30, 30, 44, 46}, kFace}}),
            labels_of(4, {kHand}, {{{20, 10, 36, 30}, kHand}, {{40, 40, 60, 56}, kHand}}),
            labels_of(4, {kPerson, kHead, kFace, kHand}, {{{0, 0, 30, 50}, kPerson}, {{2, 2, 18, 20}, kHead}}),
            labels_of(4, {kFace, kHand}, {})};
}

/// Every row labels every task.
std::vector<Labels> full_labels() {
    std::vector<Labels> labels;
    for (int i = 0; i < 5; ++i) {
        const auto at = static_cast<float>(4 * i);
        labels.push_back(
            labels_of(4, {0, 1, 2, 3}, {{{at, at, at + 20, at + 24}, i % 4}, {{2, 30, 30, 60}, (i + 1) % 4}}));
    }
    return labels;
}

bool contains(unsigned subset, int task) { return (subset >> task & 1U) != 0; }

/// The labels with all other tasks unknown. Their boxes stay: they must not matter.
std::vector<Labels> restricted(std::vector<Labels> labels, unsigned subset) {
    for (Labels& entry : labels) {
        for (int task = 0; task < 4; ++task) {
            if (!contains(subset, task)) entry.states[static_cast<std::size_t>(task)] = LabelState::unknown;
        }
    }
    return labels;
}

std::string prefix_of(int task) { return "branches." + kTasks[static_cast<std::size_t>(task)] + "."; }

void expect_sum_of(const StepResult& together, const std::vector<StepResult>& alone, unsigned subset) {
    double loss = 0;
    for (int task = 0; task < 4; ++task) {
        if (contains(subset, task)) loss += alone[static_cast<std::size_t>(task)].losses.total.item<double>();
    }
    EXPECT_NEAR(together.losses.total.item<double>(), loss, 1e-9 * loss);
    for (const auto& [name, gradient] : together.gradients) {
        at::Tensor sum;
        for (int task = 0; task < 4; ++task) {
            if (!contains(subset, task)) continue;
            const at::Tensor& part = alone[static_cast<std::size_t>(task)].gradients.at(name);
            if (part.defined()) sum = sum.defined() ? sum + part : part;
        }
        ASSERT_EQ(gradient.defined(), sum.defined()) << name << " with tasks " << subset;
        if (sum.defined()) expect_close(gradient, sum, kRounding);
    }
}

/// Every subset of tasks against the sum of the runs of its single tasks.
void expect_all_subsets_to_add_up(const std::function<StepResult(const std::vector<Labels>&)>& run,
                                  const std::vector<Labels>& labels) {
    std::vector<StepResult> alone;
    for (unsigned task = 0; task < 4; ++task) alone.push_back(run(restricted(labels, 1U << task)));
    for (unsigned subset = 1; subset < 16; ++subset) {
        const StepResult together = run(restricted(labels, subset));
        expect_sum_of(together, alone, subset);
        for (int task = 0; task < 4; ++task) {
            for (const auto& [name, gradient] : together.gradients) {
                if (!name.starts_with(prefix_of(task))) continue;
                EXPECT_EQ(gradient.defined(), contains(subset, task)) << name << " with tasks " << subset;
            }
        }
    }
}

TEST_F(MaskingWithFrozenTrunk, GradientsOfEverySubsetAreTheSumOfItsTasks) {
    expect_all_subsets_to_add_up([this](const std::vector<Labels>& labels) { return run(labels); }, mixed_labels());
}

TEST_F(MaskingByPrediction, GradientsOfEverySubsetAreTheSumOfItsTasks) {
    expect_all_subsets_to_add_up([this](const std::vector<Labels>& labels) { return run(labels); }, mixed_labels());
}

TEST_F(Masking, GradientsOfEverySubsetAreTheSumOfItsTasksWithBatchStatistics) {
    expect_all_subsets_to_add_up([this](const std::vector<Labels>& labels) { return run(labels); }, full_labels());
}

TEST_F(Masking, ABatchWithoutLabelsHasNoLossAndChangesNothing) {
    const auto before = test::copies_of(model_.module());
    const StepResult nothing = run(restricted(mixed_labels(), 0));
    EXPECT_FALSE(nothing.losses.total.defined());
    EXPECT_TRUE(nothing.losses.present.empty());
    EXPECT_TRUE(nothing.losses.branches.empty());
    for (const auto& [name, gradient] : nothing.gradients) EXPECT_FALSE(gradient.defined()) << name;
    for (const auto& [name, tensor] : before) EXPECT_TRUE(at::equal(tensor, model_.module().tensor(name))) << name;
}

/// Two runs from the same start, whose losses, gradients and statistics must not differ by a bit.
void expect_same_bits(const std::function<StepResult()>& first, const std::function<StepResult()>& second,
                      GraphModule& module) {
    const auto start = test::copies_of(module);
    const StepResult a = first();
    const auto after_first = test::copies_of(module);
    for (const auto& [name, tensor] : start) module.assign(name, tensor);
    const StepResult b = second();
    EXPECT_TRUE(at::equal(a.losses.total, b.losses.total));
    for (const auto& [name, gradient] : a.gradients) {
        ASSERT_EQ(gradient.defined(), b.gradients.at(name).defined()) << name;
        EXPECT_TRUE(!gradient.defined() || at::equal(gradient, b.gradients.at(name))) << name;
    }
    for (const auto& [name, tensor] : after_first) EXPECT_TRUE(at::equal(tensor, module.tensor(name))) << name;
}

TEST_F(Masking, NanInRowsThatLabelOnlyAbsentTasksChangesNothing) {
    at::Tensor poisoned = images_.clone();
    for (const int row : {1, 2, 4}) poisoned[row].fill_(kNan); // they label no person
    const std::vector<Labels> labels = restricted(mixed_labels(), 1U << kPerson);
    expect_same_bits([&] { return run(labels); }, [&] { return run(poisoned, labels); }, model_.module());
}

TEST_F(Masking, NanInPartialRowsWithoutABoxChangesNothing) {
    std::vector<Labels> labels = restricted(mixed_labels(), 1U << kPerson);
    labels[1].states[kHead] = LabelState::partial; // its box is of class head: that row does have a term
    labels[2].states[kFace] = LabelState::partial; // no box of a face: nothing can be judged
    at::Tensor poisoned = images_.clone();
    poisoned[2].fill_(kNan);
    expect_same_bits([&] { return run(labels); }, [&] { return run(poisoned, labels); }, model_.module());
    EXPECT_EQ(run(labels).losses.present, (std::vector<std::string>{"person", "head"}));
}

TEST_F(MaskingWithFrozenTrunk, PixelsOfOtherTasksRowsDoNotReachABranch) {
    const std::vector<Labels> labels = mixed_labels();
    at::Tensor changed = images_.clone();
    changed[2] = torch::randn_like(changed[2]) * 5; // labels hands only
    const StepResult a = run(labels), b = run(changed, labels);
    for (const auto& [name, gradient] : a.gradients) {
        if (!name.starts_with("branches.") || name.starts_with(prefix_of(kHand))) continue;
        EXPECT_TRUE(at::equal(gradient, b.gradients.at(name))) << name;
    }
    const std::string own = prefix_of(kHand) + "cls.weight";
    EXPECT_FALSE(at::equal(a.gradients.at(own), b.gradients.at(own)));
}

TEST_F(Masking, TheOrderOfRowsDoesNotMatter) {
    const std::vector<Labels> labels = mixed_labels();
    const std::vector<std::int64_t> order{3, 0, 4, 2, 1};
    std::vector<Labels> moved;
    for (const std::int64_t row : order) moved.push_back(labels[static_cast<std::size_t>(row)]);
    const StepResult a = run(labels);
    const StepResult b = run(images_.index_select(0, at::tensor(at::ArrayRef<std::int64_t>(order))), moved);
    EXPECT_NEAR(a.losses.total.item<double>(), b.losses.total.item<double>(), 1e-9);
    for (const auto& [name, gradient] : a.gradients) {
        if (gradient.defined()) expect_close(b.gradients.at(name), gradient, {1e-7, 1e-9});
    }
}

TEST_F(Masking, ReportsRowsAndPositivesOfEachPresentBranch) {
    const StepResult result = run(mixed_labels());
    EXPECT_EQ(result.losses.present, kTasks);
    EXPECT_EQ(result.losses.branches.at("person").rows, 2);
    EXPECT_EQ(result.losses.branches.at("head").rows, 2);
    EXPECT_EQ(result.losses.branches.at("face").rows, 3);
    EXPECT_EQ(result.losses.branches.at("hand").rows, 3);
    EXPECT_GE(result.losses.branches.at("hand").positives, 2);
    EXPECT_GT(result.losses.branches.at("face").class_loss, 0);
    double total = 0;
    for (const auto& [name, branch] : result.losses.branches) {
        total += branch.class_loss + model_.branch(name).options.loss.box_weight * branch.box_loss;
    }
    EXPECT_NEAR(result.losses.total.item<double>(), total, 1e-9);
}

TEST_F(Masking, ALossThatIsNotFiniteNamesBranchAndFiles) {
    at::Tensor poisoned = images_.clone();
    poisoned[2].fill_(kNan); // labels hands only; with live norms of the neck it reaches every branch
    const std::vector<std::string> files{"a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"};
    expect_error<NumericError>([&] { step_.forward(poisoned, restricted(mixed_labels(), 1U << kHand), files); },
                               {"branch hand", "not finite", "c.jpg, d.jpg, e.jpg", "/train/lr"});
}

} // namespace
} // namespace banyan
