#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/libtorch.h"
#include "train/step_update.h"
#include "train/tiny_model.h"

namespace banyan::test {

using Tensors = std::map<std::string, at::Tensor>;

inline const std::vector<std::string> kTasks{"face", "hand", "head"};

inline TrainOptions options_with(BalanceMethod method) {
    TrainOptions options = fp32_options();
    options.trunk_norm = TrunkNorm::batch;
    options.clip_norm = 0;
    options.warmup_steps = 0;
    options.lr = 0.01;
    options.seed = 3;
    options.balance.method = method;
    options.balance.lr = 0.1;
    options.balance.window = 1;
    return options;
}

/// A model in float64 with everything that trains it.
struct Living {
    explicit Living(const TrainOptions& train_options)
        : options(train_options), model(tiny_options(kTasks), double_module()), forward(model, options),
          optimizer(model.module(), options), ema(model.module(), 0.9),
          update(model, forward, optimizer, ema, options) {}

    /// All that a step may change.
    Tensors snapshot() const {
        Tensors all = copies_of(model.module());
        for (const auto& [name, tensor] : optimizer.state()) all["optimizer " + name] = tensor.clone();
        for (const auto& [name, tensor] : ema.state()) all["ema " + name] = tensor.clone();
        for (const auto& [name, tensor] : update.state()) all["update " + name] = tensor.clone();
        return all;
    }

    TrainOptions options;
    MultiTaskModel model;
    TrainStep forward;
    Optimizer optimizer;
    Ema ema;
    StepUpdate update;
};

inline void expect_same_bits(const Tensors& a, const Tensors& b) {
    ASSERT_EQ(a.size(), b.size());
    for (const auto& [name, tensor] : a) EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
}

inline at::Tensor images_of(std::int64_t step) {
    torch::manual_seed(static_cast<std::uint64_t>(100 + step));
    return torch::randn({3, 3, 64, 64}, at::kDouble);
}

/// Every row labels `known`, with a box of each.
inline std::vector<Labels> labels_with(const std::vector<int>& known) {
    std::vector<LabelledBox> boxes;
    for (const int id : known) {
        const auto at = static_cast<float>(6 * id);
        boxes.push_back({{8 + at, 8, 30 + at, 34}, id});
    }
    return std::vector<Labels>(3, labels_of(kTasks.size(), known, boxes));
}

inline const std::vector<int> kAll{0, 1, 2};

inline StepOutcome learn(Living& living, std::int64_t step, const std::vector<int>& known = kAll) {
    return living.update.run(images_of(step), labels_with(known), step);
}

inline Tensors gradients_of(const Living& living) {
    Tensors gradients;
    for (const auto& [name, parameter] : living.model.module().parameters()) gradients[name] = parameter.grad();
    return gradients;
}

} // namespace banyan::test
