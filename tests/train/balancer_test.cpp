// Weights of the branches against numbers worked out by hand, and what an absent branch must not feel.

#include "train/balancer.h"

#include <cmath>

#include <gtest/gtest.h>

#include "train/scalar_adam.h"

namespace banyan {
namespace {

using Signals = std::vector<BranchSignal>;

std::unique_ptr<Balancer> make(BalanceMethod method, double alpha = 1.5, double lr = 0.1, std::int64_t window = 2) {
    BalanceOptions options;
    options.method = method;
    options.alpha = alpha;
    options.lr = lr;
    options.window = window;
    return make_balancer(options);
}

double weight_of(const Balancer& balancer, const std::string& branch) {
    return balancer.weights({{branch, 1, 1}}).at(0);
}

TEST(ScalarAdam, FirstStepHasTheLengthOfTheRate) {
    ScalarAdam adam;
    EXPECT_NEAR(adam.change(-3.7, 0.01), 0.01, 1e-9); // whatever the gradient's size
    ScalarAdam other;
    other.change(1, 1);
    // first = 0.9*0.1 + 0.1*3 = 0.39, corrected by 0.19; second = 0.999*0.001 + 0.001*9 = 0.009999, by 0.001999
    EXPECT_NEAR(other.change(3, 1), -(0.39 / 0.19) / std::sqrt(0.009999 / 0.001999), 1e-7);
}

TEST(PlainSum, WeighsAllBranchesOne) {
    for (const BalanceMethod method : {BalanceMethod::fixed, BalanceMethod::pcgrad}) {
        const auto balancer = make(method);
        balancer->learn({{"face", 3, 0}, {"hand", 1, 0}});
        EXPECT_EQ(balancer->weights({{"face", 3, 0}, {"hand", 1, 0}}), (std::vector<double>{1, 1}));
        EXPECT_TRUE(balancer->state().empty());
        EXPECT_FALSE(balancer->needs_norms());
    }
}

TEST(UncertaintyBalancer, MovesAgainstTheGradientOfItsSum) {
    const auto balancer = make(BalanceMethod::uncertainty);
    EXPECT_EQ(weight_of(*balancer, "face"), 1);
    balancer->learn({{"face", 2.0, 0}, {"hand", 0.1, 0}}); // d/ds = 0.5 - L at s = 0: -1.5 and 0.4
    EXPECT_NEAR(weight_of(*balancer, "face"), std::exp(-0.1), 1e-8);
    EXPECT_NEAR(weight_of(*balancer, "hand"), std::exp(0.1), 1e-8);
}

TEST(UncertaintyBalancer, DerivativeIsThatOfTheWeightedSum) {
    constexpr double kLoss = 0.8, kEps = 1e-6;
    const auto total = [](double s) { return std::exp(-s) * kLoss + s / 2; };
    const auto balancer = make(BalanceMethod::uncertainty);
    balancer->load_state({{"face", {0.3, 0, 0, 0}}});
    balancer->learn({{"face", kLoss, 0}});
    const double first_moment = balancer->state().at("face").at(1); // (1 - beta1) * gradient
    EXPECT_NEAR(first_moment / 0.1, (total(0.3 + kEps) - total(0.3 - kEps)) / (2 * kEps), 1e-8);
}

TEST(UncertaintyBalancer, DrawsWeightedLossesToOneHalfWithinItsLimits) {
    const auto balancer = make(BalanceMethod::uncertainty, 0, 0.01);
    for (int i = 0; i < 5000; ++i) balancer->learn({{"face", 4.0, 0}, {"hand", 0.05, 0}, {"none", 0, 0}});
    EXPECT_NEAR(weight_of(*balancer, "face") * 4.0, 0.5, 0.02);
    EXPECT_NEAR(weight_of(*balancer, "hand") * 0.05, 0.5, 0.02);
    EXPECT_NEAR(weight_of(*balancer, "none"), std::exp(5), 1e-9); // a loss of 0 does not run away
}

TEST(DwaBalancer, WeighsByTheFallOfMeansOverWindows) {
    const auto balancer = make(BalanceMethod::dwa);
    for (const double loss : {3.0, 1.0, 0.5, 1.5}) { // windows of 2: face 2 -> 1, hand 4 -> 4
        EXPECT_EQ(balancer->weights({{"face", loss, 0}, {"hand", 4, 0}}), (std::vector<double>{1, 1}));
        balancer->learn({{"face", loss, 0}, {"hand", 4, 0}});
    }
    const double face = std::exp(0.5 / 2), hand = std::exp(1.0 / 2); // temperature 2
    const std::vector<double> weights = balancer->weights({{"face", 9, 0}, {"hand", 9, 0}});
    EXPECT_NEAR(weights[0], 2 * face / (face + hand), 1e-12);
    EXPECT_NEAR(weights[1], 2 * hand / (face + hand), 1e-12);
}

TEST(DwaBalancer, CountsOnlyPresentBranches) {
    const auto balancer = make(BalanceMethod::dwa);
    for (const double loss : {2.0, 2.0, 1.0, 1.0}) balancer->learn({{"face", loss, 0}, {"hand", 4, 0}, {"head", 1, 0}});
    EXPECT_EQ(balancer->weights({{"face", 1, 0}}), std::vector<double>{1}); // alone: nothing to weigh against
    const std::vector<double> two = balancer->weights({{"face", 1, 0}, {"head", 1, 0}});
    EXPECT_NEAR(two[0] + two[1], 2, 1e-12);
    const NamedNumbers before = balancer->state();
    balancer->learn({{"face", 7, 0}});
    EXPECT_EQ(balancer->state().at("hand"), before.at("hand"));
    EXPECT_NE(balancer->state().at("face"), before.at("face"));
}

TEST(GradNormBalancer, DerivativeIsThatOfItsLossWithTheTargetFixed) {
    // w = (1, 1), g = (4, 1): mean G = 2.5. Losses fell to 1/2 and 1/4 of the first: rates 4/3 and 2/3.
    constexpr double kAlpha = 1;
    const Signals first{{"face", 2, 4}, {"hand", 2, 1}}, now{{"face", 1, 4}, {"hand", 0.5, 1}};
    const double targets[] = {2.5 * 4 / 3, 2.5 * 2 / 3};
    const auto balancer = make(BalanceMethod::gradnorm, kAlpha);
    balancer->load_state({{"face", {1, 2, 0, 0, 0}}, {"hand", {1, 2, 0, 0, 0}}});
    balancer->learn(now);
    const auto total = [&](double face, double hand) {
        return std::abs(face * 4 - targets[0]) + std::abs(hand * 1 - targets[1]);
    };
    constexpr double kEps = 1e-6;
    const NamedNumbers state = balancer->state();
    EXPECT_NEAR(state.at("face").at(2) / 0.1, (total(1 + kEps, 1) - total(1 - kEps, 1)) / (2 * kEps), 1e-6);
    EXPECT_NEAR(state.at("hand").at(2) / 0.1, (total(1, 1 + kEps) - total(1, 1 - kEps)) / (2 * kEps), 1e-6);
    // Adam's first steps of 0.1: 0.9 and 1.1, whose sum is 2 already.
    EXPECT_NEAR(state.at("face").at(0), 0.9, 1e-7);
    EXPECT_NEAR(state.at("hand").at(0), 1.1, 1e-7);
    const auto fresh = make(BalanceMethod::gradnorm, kAlpha);
    fresh->learn(first);
    EXPECT_EQ(fresh->state().at("face").at(1), 2); // first loss
    EXPECT_TRUE(fresh->needs_norms());
}

TEST(GradNormBalancer, KeepsTheSumOverThePresentBranchesAndWeightsPositive) {
    const auto balancer = make(BalanceMethod::gradnorm, 1.5, 0.5);
    for (int i = 0; i < 200; ++i) balancer->learn({{"face", 1, 100}, {"hand", 1, 0.01}, {"head", 1, 1}});
    const std::vector<double> weights = balancer->weights({{"face", 1, 0}, {"hand", 1, 0}, {"head", 1, 0}});
    EXPECT_NEAR(weights[0] + weights[1] + weights[2], 3, 1e-9);
    for (const double weight : weights) EXPECT_GT(weight, 0);
    EXPECT_LT(weights[0], weights[1]); // its gradient is far too large
}

TEST(GradNormBalancer, EqualisesTheGradientsOfBranchesThatLearnAlike) {
    const auto balancer = make(BalanceMethod::gradnorm, 1.5, 0.01);
    for (int i = 0; i < 3000; ++i) balancer->learn({{"face", 1, 3}, {"hand", 1, 1}});
    const std::vector<double> weights = balancer->weights({{"face", 1, 3}, {"hand", 1, 1}});
    EXPECT_NEAR(weights[0], 0.5, 0.02); // 0.5 * 3 = 1.5 * 1
    EXPECT_NEAR(weights[1], 1.5, 0.02);
}

class PresenceAware : public testing::TestWithParam<BalanceMethod> {};

TEST_P(PresenceAware, AnAbsentBranchNeitherMovesNorCounts) {
    const auto with = make(GetParam()), without = make(GetParam());
    with->learn({{"face", 2, 3}, {"hand", 1, 1}, {"head", 5, 9}});
    with->learn({{"face", 1, 2}, {"hand", 1, 1}, {"head", 5, 9}});
    NamedNumbers state = with->state();
    const std::vector<double> head = state.at("head");
    state.erase("head");
    without->load_state(state); // has never heard of heads
    const Signals present{{"face", 0.5, 2}, {"hand", 0.9, 4}};
    for (int i = 0; i < 7; ++i) {
        EXPECT_EQ(with->weights(present), without->weights(present));
        with->learn(present);
        without->learn(present);
    }
    state = with->state();
    EXPECT_EQ(state.at("head"), head);
    state.erase("head");
    EXPECT_EQ(state, without->state());
}

TEST_P(PresenceAware, StateGoesOnToTheBit) {
    const auto run = make(GetParam());
    const auto signals = [](int i) {
        return Signals{{"face", 1.0 / (i + 1), 2.0 + i % 3}, {"hand", 0.7 + 0.1 * (i % 2), 1.0}};
    };
    for (int i = 0; i < 5; ++i) run->learn(signals(i));
    const auto resumed = make(GetParam());
    resumed->learn({{"foot", 1, 1}}); // must go
    resumed->load_state(run->state());
    for (const auto& [name, numbers] : run->state()) EXPECT_EQ(numbers.size(), run->state_size()) << name;
    for (int i = 5; i < 12; ++i) {
        EXPECT_EQ(run->weights(signals(i)), resumed->weights(signals(i)));
        run->learn(signals(i));
        resumed->learn(signals(i));
    }
    EXPECT_EQ(run->state(), resumed->state());
}

INSTANTIATE_TEST_SUITE_P(Methods, PresenceAware,
                         testing::Values(BalanceMethod::uncertainty, BalanceMethod::dwa, BalanceMethod::gradnorm),
                         [](const auto& method) {
                             switch (method.param) {
                             case BalanceMethod::uncertainty: return "Uncertainty";
                             case BalanceMethod::dwa: return "Dwa";
                             default: return "GradNorm";
                             }
                         });

} // namespace
} // namespace banyan
