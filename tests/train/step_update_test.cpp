// One training step as a whole: what each way of balancing makes of the gradients and what measuring changes.

#include "train/step_update.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "support/temp_dir.h"
#include "support/tensor_close.h"
#include "train/checkpoint.h"
#include "train/living_step.h"
#include "train/pcgrad.h"
#include "train/touched_tensors.h"

namespace banyan {
namespace {

using test::expect_same_bits;
using test::gradients_of;
using test::images_of;
using test::kAll;
using test::kTasks;
using test::labels_with;
using test::learn;
using test::Living;
using test::options_with;
using Tensors = test::Tensors;

constexpr test::Tolerance kRounding{1e-9, 1e-12};

bool is_trunk(const std::string& name) { return name.starts_with("trunk."); }

/// Gradients of each branch's loss alone at the model's present weights; statistics are put back.
std::vector<Tensors> separate_gradients(Living& living, std::int64_t step) {
    const Tensors before = test::copies_of(living.model.module());
    std::vector<Tensors> all;
    for (std::size_t b = 0; b < kTasks.size(); ++b) {
        const StepLosses losses = living.forward.forward(images_of(step), labels_with(kAll));
        living.optimizer.zero_grad();
        losses.terms.at(b).backward();
        all.push_back(test::take_gradients(living.model.module()));
        for (const auto& [name, tensor] : before) living.model.module().assign(name, tensor);
    }
    return all;
}

/// Expects the gradients of the last step to be sum of factors[b] * gradient of b; in the branches with `own` factors.
void expect_weighted(const Living& living, const std::vector<Tensors>& separate, const std::vector<double>& trunk,
                     const std::vector<double>& own) {
    for (const auto& [name, gradient] : gradients_of(living)) {
        at::Tensor sum;
        for (std::size_t b = 0; b < separate.size(); ++b) {
            const at::Tensor& part = separate[b].at(name);
            if (!part.defined()) continue;
            const at::Tensor weighted = (is_trunk(name) ? trunk : own)[b] * part;
            sum = sum.defined() ? sum + weighted : weighted;
        }
        ASSERT_EQ(gradient.defined(), sum.defined()) << name;
        if (sum.defined()) test::expect_close(gradient, sum, kRounding);
    }
}

std::vector<double> weights_of(const StepOutcome& outcome) {
    std::vector<double> weights;
    for (const std::string& task : kTasks) weights.push_back(outcome.branches.at(task).weight);
    return weights;
}

TEST(StepUpdate, FixedSumTakesThePlainStepToTheBit) {
    Living whole(options_with(BalanceMethod::fixed)), plain(options_with(BalanceMethod::fixed));
    for (std::int64_t step = 0; step < 3; ++step) {
        const StepOutcome outcome = learn(whole, step);
        const StepLosses losses = plain.forward.forward(images_of(step), labels_with(kAll));
        plain.optimizer.zero_grad();
        losses.total.backward();
        const double norm = plain.optimizer.clip(0);
        plain.optimizer.step(lr_scale(plain.options, step));
        plain.ema.update(plain.model.module(), touched_tensors(plain.model.module(), losses));
        EXPECT_EQ(outcome.loss, losses.total.item<double>());
        EXPECT_EQ(outcome.gradient_norm, norm);
        EXPECT_EQ(outcome.lr, plain.options.lr * lr_scale(plain.options, step));
        EXPECT_EQ(weights_of(outcome), (std::vector<double>{1, 1, 1}));
    }
    expect_same_bits(whole.snapshot(), plain.snapshot());
}

class Balanced : public testing::TestWithParam<BalanceMethod> {};

TEST_P(Balanced, WeightsScaleTheGradientsOfTrunkAndBranchAlike) {
    Living living(options_with(GetParam()));
    for (std::int64_t step = 0; step < 3; ++step) learn(living, step);
    const std::vector<Tensors> separate = separate_gradients(living, 3);
    const std::vector<double> weights = weights_of(learn(living, 3));
    EXPECT_GT(std::abs(weights[0] - 1) + std::abs(weights[1] - 1), 1e-3); // it does weigh
    expect_weighted(living, separate, weights, weights);
}

TEST_P(Balanced, AnAbsentBranchKeepsEveryBit) {
    Living living(options_with(GetParam()));
    for (std::int64_t step = 0; step < 3; ++step) learn(living, step);
    const Tensors before = living.snapshot();
    for (std::int64_t step = 3; step < 5; ++step) learn(living, step, {0, 1});
    std::size_t kept = 0;
    for (const auto& [name, tensor] : living.snapshot()) {
        if (name.find("branches.head.") == std::string::npos && name != "update balance.head") continue;
        EXPECT_TRUE(at::equal(tensor, before.at(name))) << name;
        ++kept;
    }
    EXPECT_GT(kept, 20U);
}

TEST_P(Balanced, GoesOnFromACheckpointToTheBit) {
    const TempDir dir;
    const RunIdentity identity{};
    TrainOptions options = options_with(GetParam());
    options.conflict_every = 2;
    Living whole(options), resumed(options);
    TrainState saved{whole.model, whole.optimizer, whole.ema};
    for (std::int64_t step = 0; step < 3; ++step) learn(whole, step);
    saved.more = whole.update.state();
    save_checkpoint(dir.file("state.safetensors"), saved, identity);
    learn(resumed, 9, {1}); // another past, which must go
    TrainState loaded{resumed.model, resumed.optimizer, resumed.ema};
    load_checkpoint(dir.file("state.safetensors"), loaded, identity);
    resumed.update.load_state(loaded.more);
    for (std::int64_t step = 3; step < 5; ++step) {
        EXPECT_EQ(weights_of(learn(whole, step)), weights_of(learn(resumed, step)));
    }
    expect_same_bits(whole.snapshot(), resumed.snapshot());
}

INSTANTIATE_TEST_SUITE_P(Methods, Balanced,
                         testing::Values(BalanceMethod::uncertainty, BalanceMethod::dwa, BalanceMethod::gradnorm),
                         [](const auto& method) {
                             switch (method.param) {
                             case BalanceMethod::uncertainty: return "Uncertainty";
                             case BalanceMethod::dwa: return "Dwa";
                             default: return "GradNorm";
                             }
                         });

TEST(StepUpdate, GradNormIsToldTheNormAtTheNecksLastLayers) {
    Living living(options_with(BalanceMethod::gradnorm));
    const std::vector<Tensors> separate = separate_gradients(living, 0);
    learn(living, 0);
    const Tensors state = living.update.state();
    for (std::size_t b = 0; b < kTasks.size(); ++b) {
        double square = 0;
        for (const auto& [name, gradient] : separate[b]) {
            const bool last = name.starts_with("trunk.neck.smooth") && name.ends_with(".weight") && gradient.dim() == 4;
            if (last) square += gradient.pow(2).sum().item<double>();
        }
        EXPECT_GT(square, 0);
        // Adam's first moment after one step is a tenth of the derivative, which is the norm with a sign.
        const double moment = state.at("balance." + kTasks[b])[2].item<double>();
        EXPECT_NEAR(std::abs(moment) / 0.1, std::sqrt(square), 1e-9) << kTasks[b];
    }
}

TEST(StepUpdate, PcgradProjectsTheTrunkAndLeavesTheBranches) {
    Living living(options_with(BalanceMethod::pcgrad));
    for (std::int64_t step = 0; step < 2; ++step) learn(living, step);
    const std::vector<Tensors> separate = separate_gradients(living, 2);
    std::vector<std::vector<double>> products(3, std::vector<double>(3, 0));
    for (std::size_t a = 0; a < 3; ++a) {
        for (std::size_t b = 0; b < 3; ++b) {
            for (const auto& [name, gradient] : separate[a]) {
                const at::Tensor& other = separate[b].at(name);
                if (!is_trunk(name) || !gradient.defined() || !other.defined()) continue;
                products[a][b] += (gradient * other).sum().item<double>();
            }
        }
    }
    learn(living, 2);
    // The order of projections is random: one of them it must be.
    std::vector<std::vector<double>> seen;
    for (std::uint64_t seed = 0; seed < 64; ++seed) {
        Random random(seed);
        seen.push_back(pcgrad_factors(products, random));
    }
    const auto misses = [&](const std::vector<double>& factors) {
        double excess = 0;
        for (const auto& [name, gradient] : gradients_of(living)) {
            if (!is_trunk(name) || !gradient.defined()) continue;
            at::Tensor sum = at::zeros_like(gradient);
            for (std::size_t b = 0; b < 3; ++b) {
                if (separate[b].at(name).defined()) sum = sum + factors[b] * separate[b].at(name);
            }
            excess = std::max(excess, (gradient - sum).abs().max().item<double>());
        }
        return excess;
    };
    double best = std::numeric_limits<double>::infinity();
    std::vector<double> chosen;
    for (const std::vector<double>& factors : seen) {
        if (misses(factors) < best) {
            best = misses(factors);
            chosen = factors;
        }
    }
    EXPECT_LT(best, 1e-9);
    expect_weighted(living, separate, chosen, {1, 1, 1});
}

TEST(StepUpdate, PcgradOfOneBranchIsThePlainStep) {
    Living projected(options_with(BalanceMethod::pcgrad)), plain(options_with(BalanceMethod::fixed));
    learn(projected, 0, {1});
    learn(plain, 0, {1});
    const Tensors expected = plain.snapshot();
    const Tensors actual = projected.snapshot();
    ASSERT_EQ(actual.size(), expected.size());
    for (const auto& [name, tensor] : actual) test::expect_close(tensor, expected.at(name), kRounding);
}

TEST(StepUpdate, MeasuringConflictsChangesNoBit) {
    for (const BalanceMethod method : {BalanceMethod::fixed, BalanceMethod::gradnorm, BalanceMethod::pcgrad}) {
        TrainOptions measured = options_with(method);
        measured.conflict_every = 2;
        Living with(measured), without(options_with(method));
        for (std::int64_t step = 0; step < 2; ++step) {
            EXPECT_EQ(learn(with, step).conflicts.size(), step % 2 == 1 ? 3U : 0U);
            EXPECT_TRUE(learn(without, step).conflicts.empty());
        }
        Tensors state = with.snapshot();
        std::erase_if(state, [](const auto& entry) { return entry.first.starts_with("update conflicts."); });
        expect_same_bits(state, without.snapshot());
    }
}

TEST(StepUpdate, MeasuresThePresentBranchesGradientsOfTheTrunk) {
    TrainOptions options = options_with(BalanceMethod::fixed);
    options.conflict_every = 1;
    Living living(options);
    const std::vector<Tensors> separate = separate_gradients(living, 0);
    double product = 0, face = 0, hand = 0;
    for (const auto& [name, gradient] : separate[0]) {
        const at::Tensor& other = separate[1].at(name);
        if (!is_trunk(name)) continue;
        if (gradient.defined()) face += gradient.pow(2).sum().item<double>();
        if (other.defined()) hand += other.pow(2).sum().item<double>();
        if (gradient.defined() && other.defined()) product += (gradient * other).sum().item<double>();
    }
    const std::vector<GradientConflict> pairs = learn(living, 0).conflicts;
    ASSERT_EQ(pairs.size(), 3U);
    EXPECT_EQ(pairs[0].a, "face");
    EXPECT_EQ(pairs[0].b, "hand");
    EXPECT_NEAR(pairs[0].cosine, product / std::sqrt(face * hand), 1e-9);
    EXPECT_NEAR(pairs[0].norm_ratio, std::sqrt(face / hand), 1e-9);
    EXPECT_EQ(learn(living, 1, {0, 2}).conflicts.size(), 1U);
    EXPECT_TRUE(learn(living, 2, {1}).conflicts.empty());
}

} // namespace
} // namespace banyan
