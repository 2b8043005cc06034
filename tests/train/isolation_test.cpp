// A branch with nothing to learn in a step must come out of it as it went in, to the bit: parameters, moments, step
// counts, averages and statistics. So must parts of the trunk that only idle branches use.

#include <algorithm>

#include <gtest/gtest.h>

#include "train/ema.h"
#include "train/optimizer.h"
#include "train/tiny_model.h"
#include "train/touched_tensors.h"
#include "train/train_step.h"

namespace banyan {
namespace {

using test::labels_of;
using Tensors = std::map<std::string, at::Tensor>;

constexpr int kFace = 0, kHand = 1;

/// Two tasks; only "hand" has anchors on level 5, which the neck makes for it alone.
ModelOptions two_tasks() {
    ModelOptions options = test::tiny_options({"face", "hand"});
    options.neck.last_level = 5;
    options.branches[1].anchors.levels = {3, 4, 5};
    return options;
}

bool belongs_to_hand(const std::string& name) {
    return name.find("branches.hand.") != std::string::npos || name.find("trunk.neck.extra.p5") != std::string::npos;
}

class Isolation : public testing::TestWithParam<OptimizerKind> {
protected:
    Isolation()
        : options_(make_options()), model_(two_tasks()), step_(model_, options_), optimizer_(model_.module(), options_),
          ema_(model_.module(), 0.9) {
        torch::manual_seed(4);
    }

    static TrainOptions make_options() {
        TrainOptions options = test::fp32_options();
        options.optimizer = GetParam();
        options.trunk_norm = TrunkNorm::batch;
        options.lr = 0.05;
        return options;
    }

    void learn(const std::vector<int>& known) {
        const at::Tensor images = torch::randn({3, 3, 64, 64});
        std::vector<LabelledBox> boxes;
        for (const int id : known) boxes.push_back({{8, 8, 30, 34}, id});
        const StepLosses losses = step_.forward(images, std::vector<Labels>(3, labels_of(2, known, boxes)));
        optimizer_.zero_grad();
        losses.total.backward();
        optimizer_.clip(1.0);
        optimizer_.step(1.0);
        ema_.update(model_.module(), touched_tensors(model_.module(), losses));
    }

    /// Everything that training keeps, by name.
    Tensors snapshot() const {
        Tensors all = test::copies_of(model_.module());
        for (const auto& [name, tensor] : optimizer_.state()) all["optimizer " + name] = tensor.clone();
        for (const auto& [name, tensor] : ema_.state()) all["ema " + name] = tensor.clone();
        return all;
    }

    TrainOptions options_;
    MultiTaskModel model_;
    TrainStep step_;
    Optimizer optimizer_;
    Ema ema_;
};

TEST_P(Isolation, AnIdleBranchKeepsEveryBit) {
    learn({kFace, kHand}); // both have moments now
    const Tensors before = snapshot();
    for (int i = 0; i < 3; ++i) learn({kFace});
    const Tensors after = snapshot();
    ASSERT_EQ(before.size(), after.size());
    std::size_t kept = 0, moved = 0;
    for (const auto& [name, tensor] : before) {
        const bool same = at::equal(tensor, after.at(name));
        if (belongs_to_hand(name)) {
            EXPECT_TRUE(same) << name;
            ++kept;
        } else {
            moved += same ? 0 : 1;
        }
    }
    EXPECT_GT(kept, 40U);
    EXPECT_GT(static_cast<double>(moved), 0.95 * static_cast<double>(before.size() - kept)); // the rest did learn
}

TEST_P(Isolation, ABranchThatWasIdleLearnsOn) {
    learn({kFace});
    const Tensors before = snapshot();
    learn({kHand});
    for (const auto& [name, tensor] : snapshot()) {
        if (name.find("branches.face.") == std::string::npos) continue;
        EXPECT_TRUE(at::equal(tensor, before.at(name))) << name;
    }
    EXPECT_FALSE(at::equal(before.at("branches.hand.cls.bias"), model_.module().tensor("branches.hand.cls.bias")));
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Isolation, testing::Values(OptimizerKind::adamw, OptimizerKind::sgd),
                         [](const auto& kind) { return kind.param == OptimizerKind::adamw ? "AdamW" : "Sgd"; });

TEST(TouchedTensors, LeaveOutFrozenAndIdleNorms) {
    MultiTaskModel model(two_tasks());
    TrainStep step(model, test::fp32_options()); // the backbone's norms are frozen
    const StepLosses losses =
        step.forward(torch::randn({2, 3, 64, 64}), std::vector<Labels>(2, labels_of(2, {kFace}, {})));
    losses.total.backward();
    const std::vector<std::string> names = touched_tensors(model.module(), losses);
    const auto touched = [&](const std::string& name) { return std::count(names.begin(), names.end(), name) == 1; };
    EXPECT_TRUE(touched("trunk.backbone.features.0.0.weight"));
    EXPECT_FALSE(touched("trunk.backbone.features.0.1.weight"));
    EXPECT_FALSE(touched("trunk.backbone.features.0.1.running_mean"));
    EXPECT_TRUE(touched("trunk.neck.smooth.p3.bn.running_var"));
    EXPECT_FALSE(touched("trunk.neck.extra.p5.bn.running_var"));
    EXPECT_TRUE(touched("branches.face.cls.bias"));
    EXPECT_FALSE(touched("branches.hand.cls.bias"));
}

TEST(TouchedTensors, HoldStatisticsOfABoxTowerWithoutAPositive) {
    ModelOptions options = test::tiny_options({"face"});
    options.branches[0].head.split_towers = true;
    MultiTaskModel model(options);
    TrainStep step(model, test::fp32_options());
    const auto before = test::copies_of(model.module(), "branches.");
    const StepLosses losses = step.forward(torch::randn({2, 3, 64, 64}), std::vector<Labels>(2, labels_of(1, {0}, {})));
    losses.total.backward();
    const std::vector<std::string> names = touched_tensors(model.module(), losses);
    for (const auto& [name, tensor] : before) {
        if (at::equal(tensor, model.module().tensor(name))) continue;
        EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
    }
}

} // namespace
} // namespace banyan
