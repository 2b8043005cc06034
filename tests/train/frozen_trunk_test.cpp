// The trunk at a rate of its own, and at none.

#include <gtest/gtest.h>

#include "support/tensor_close.h"
#include "train/living_step.h"

namespace banyan {
namespace {

using test::kAll;
using test::learn;
using test::Living;
using test::Tensors;

TrainOptions with_trunk_rate(double scale) {
    TrainOptions options = test::options_with(BalanceMethod::fixed);
    options.trunk_lr_scale = scale;
    options.weight_decay = 0.05;
    return options;
}

bool is_of_trunk(const std::string& name) { return name.find("trunk.") != std::string::npos; }

TEST(FrozenTrunk, KeepsEveryBit) {
    Living living(with_trunk_rate(0));
    const Tensors before = living.snapshot();
    for (std::int64_t step = 0; step < 3; ++step) learn(living, step);
    const Tensors after = living.snapshot();
    std::size_t kept = 0, moved = 0;
    for (const auto& [name, tensor] : after) {
        const auto found = before.find(name);
        if (is_of_trunk(name)) {
            ASSERT_NE(found, before.end()) << name << " is new";
            EXPECT_TRUE(at::equal(tensor, found->second)) << name;
            ++kept;
        } else if (found == before.end() || !at::equal(tensor, found->second)) {
            ++moved;
        }
    }
    EXPECT_GT(kept, 100U);
    EXPECT_GT(moved, 20U);
}

TEST(FrozenTrunk, BranchesLearnAsBehindATrunkThatRuns) {
    TrainOptions slow = with_trunk_rate(1e-12); // all but frozen, yet differentiated
    slow.trunk_norm = TrunkNorm::frozen;
    TrainOptions frozen = with_trunk_rate(0);
    frozen.trunk_norm = TrunkNorm::frozen;
    const ModelOptions model = [] {
        ModelOptions options = test::tiny_options({"face"});
        options.norm = {NormKind::group, 4}; // the neck's batch norms would learn in the one and not in the other
        return options;
    }();
    std::vector<double> losses;
    for (const TrainOptions& options : {slow, frozen}) {
        MultiTaskModel network(model, test::double_module());
        TrainStep step(network, options);
        const StepLosses found = step.forward(test::images_of(0), std::vector<Labels>(3, test::labels_of(1, {0}, {})));
        losses.push_back(found.total.item<double>());
        found.total.backward();
        EXPECT_EQ(network.module().tensor("trunk.neck.smooth.p3.gn.weight").grad().defined(),
                  options.trunk_lr_scale > 0);
        EXPECT_TRUE(network.module().tensor("branches.face.cls.weight").grad().defined());
    }
    EXPECT_NEAR(losses[0], losses[1], 1e-9);
}

TEST(TrunkRate, ScalesTheTrunkAndLeavesTheBranches) {
    const auto change = [](double scale) {
        TrainOptions options = with_trunk_rate(scale);
        options.optimizer = OptimizerKind::sgd;
        options.momentum = 0;
        options.weight_decay = 0;
        Living living(options);
        const Tensors before = test::copies_of(living.model.module());
        learn(living, 0);
        Tensors changes;
        for (const auto& [name, parameter] : living.model.module().parameters()) {
            changes[name] = parameter.detach() - before.at(name);
        }
        return changes;
    };
    const Tensors whole = change(1), half = change(0.5);
    for (const auto& [name, tensor] : whole) {
        expect_close(half.at(name), is_of_trunk(name) ? tensor * 0.5 : tensor, {1e-6, 1e-12});
    }
    EXPECT_GT(whole.at("trunk.neck.smooth.p3.bn.weight").abs().max().item<double>(), 0);
}

} // namespace
} // namespace banyan
