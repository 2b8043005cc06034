// What a training step does to gradients that are too long, and that one with numbers that are not finite, or without
// labels, leaves every bit as it was.

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "train/living_step.h"

namespace banyan {
namespace {

using test::expect_same_bits;
using test::gradients_of;
using test::images_of;
using test::kAll;
using test::labels_with;
using test::learn;
using test::Living;
using test::options_with;
using Tensors = test::Tensors;

double norm_below(const Living& living, const std::string& prefix) {
    double square = 0;
    for (const auto& [name, gradient] : gradients_of(living)) {
        if (name.starts_with(prefix) && gradient.defined()) square += gradient.pow(2).sum().item<double>();
    }
    return std::sqrt(square);
}

TEST(StepUpdate, ClipsAllGradientsTogetherOrEachBranchAndTheTrunkApart) {
    TrainOptions options = options_with(BalanceMethod::fixed);
    Living free(options);
    const double norm = learn(free, 0).gradient_norm;
    EXPECT_NEAR(norm, norm_below(free, ""), 1e-9 * norm);
    const double head = norm_below(free, "branches.head.");
    ASSERT_GT(norm_below(free, "trunk."), 1e-4);

    options.clip_norm = 1e-4;
    Living together(options);
    EXPECT_NEAR(learn(together, 0).gradient_norm, norm, 1e-9 * norm); // told as it was before
    EXPECT_NEAR(norm_below(together, ""), 1e-4, 1e-12);

    options.clip = ClipScope::branch;
    Living apart(options);
    EXPECT_NEAR(learn(apart, 0).gradient_norm, norm, 1e-9 * norm);
    for (const char* prefix : {"trunk.", "branches.face.", "branches.hand.", "branches.head."}) {
        EXPECT_NEAR(norm_below(apart, prefix), 1e-4, 1e-12) << prefix;
    }
    options.clip_norm = 2 * head;
    Living partly(options);
    learn(partly, 0);
    EXPECT_EQ(norm_below(partly, "branches.head."), head); // short enough as it is
}

class NotFinite : public testing::TestWithParam<BalanceMethod> {};

TEST_P(NotFinite, ALossThatIsNotFiniteChangesNoBit) {
    Living living(options_with(GetParam())), untouched(options_with(GetParam()));
    learn(living, 0);
    learn(untouched, 0);
    const Tensors before = living.snapshot();
    at::Tensor poisoned = images_of(1);
    poisoned[1].fill_(std::numeric_limits<double>::quiet_NaN());
    const StepOutcome outcome = living.update.run(poisoned, labels_with({1, 2}), 1);
    ASSERT_TRUE(outcome.non_finite);
    EXPECT_EQ(outcome.non_finite->what, "loss");
    EXPECT_EQ(outcome.non_finite->branch, "hand");
    EXPECT_TRUE(outcome.non_finite->tensor.starts_with("trunk.")) << outcome.non_finite->tensor;
    EXPECT_EQ(outcome.non_finite->rows, (std::vector<std::int64_t>{0, 1, 2}));
    EXPECT_TRUE(std::isnan(outcome.non_finite->losses.at("hand").class_loss));
    expect_same_bits(before, living.snapshot());
    for (std::int64_t step = 2; step < 4; ++step) { // and it goes on as if nothing had been
        learn(living, step);
        learn(untouched, step);
    }
    expect_same_bits(living.snapshot(), untouched.snapshot());
}

TEST_P(NotFinite, AGradientThatIsNotFiniteChangesNoBit) {
    Living living(options_with(GetParam()));
    learn(living, 0);
    const Tensors before = living.snapshot();
    const std::string name = "branches.head.cls.bias";
    bool broken = true;
    living.model.module().tensor(name).register_hook([&](const at::Tensor& gradient) {
        return broken ? gradient * std::numeric_limits<double>::infinity() : gradient;
    });
    const StepOutcome outcome = learn(living, 1);
    ASSERT_TRUE(outcome.non_finite);
    EXPECT_EQ(outcome.non_finite->what, "gradient");
    EXPECT_EQ(outcome.non_finite->branch, "head");
    EXPECT_EQ(outcome.non_finite->tensor, name);
    EXPECT_EQ(outcome.non_finite->losses.size(), 3U);
    expect_same_bits(before, living.snapshot());
    broken = false;
    EXPECT_FALSE(learn(living, 2).non_finite);
    EXPECT_FALSE(at::equal(living.model.module().tensor(name), before.at(name)));
}

INSTANTIATE_TEST_SUITE_P(Methods, NotFinite,
                         testing::Values(BalanceMethod::fixed, BalanceMethod::gradnorm, BalanceMethod::pcgrad),
                         [](const auto& method) {
                             switch (method.param) {
                             case BalanceMethod::fixed: return "Fixed";
                             case BalanceMethod::gradnorm: return "GradNorm";
                             default: return "Pcgrad";
                             }
                         });

TEST(StepUpdate, ABatchWithoutLabelsIsNoFault) {
    Living living(options_with(BalanceMethod::fixed));
    const Tensors before = living.snapshot();
    const StepOutcome outcome = learn(living, 0, {});
    EXPECT_FALSE(outcome.non_finite);
    EXPECT_TRUE(outcome.branches.empty());
    EXPECT_EQ(outcome.loss, 0);
    expect_same_bits(before, living.snapshot());
}

} // namespace
} // namespace banyan
