// Classes of a merged branch that have nothing to learn in a step: their columns of the class convolution, with all
// that optimiser and average keep of them, must come out of it as they went in, to the bit, while other columns of the
// same tensors move.

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"
#include "graph/builder.h"
#include "support/tensor_close.h"
#include "train/channel_counts.h"
#include "train/state_snapshot.h"
#include "train/step_update.h"
#include "train/tiny_model.h"

namespace banyan {
namespace {

using test::labels_of;

constexpr std::int64_t kChannels = 6;
constexpr const char* kWeight = "branches.both.cls.weight";
constexpr const char* kBias = "branches.both.cls.bias";

GraphModule class_convolution() {
    GraphBuilder b(8, 8);
    ConvAttributes conv;
    conv.out_channels = kChannels;
    conv.bias = true;
    b.output("y", b.conv(b.image(), "branches.both.cls", conv));
    GraphModuleOptions options;
    options.seed = 7;
    return GraphModule(b.build(), options);
}

TrainOptions options_of(OptimizerKind kind) {
    TrainOptions options;
    options.optimizer = kind;
    options.lr = 0.02;
    options.weight_decay = 0.1;
    options.momentum = 0.8;
    return options;
}

/// Which channels take part in a step: channel 0 always does.
at::Tensor draw_channels(Random& random) {
    std::vector<std::int64_t> channels{0};
    for (std::int64_t channel = 1; channel < kChannels; ++channel) {
        if (random.chance(0.6)) channels.push_back(channel);
    }
    return at::tensor(at::ArrayRef<std::int64_t>(channels), at::kLong);
}

void draw_gradients(const GraphModule& module, std::int64_t seed) {
    torch::manual_seed(static_cast<std::uint64_t>(seed));
    for (const auto& [name, parameter] : module.parameters()) {
        at::Tensor handle = parameter;
        handle.mutable_grad() = torch::randn(parameter.sizes());
    }
}

/// One channel alone, in double, by the formulas of the papers.
struct ChannelReference {
    TrainOptions options;
    at::Tensor value, first, second, average;
    std::int64_t steps = 0;

    ChannelReference(const TrainOptions& with, const at::Tensor& start)
        : options(with), value(start.detach().to(at::kDouble).clone()), first(at::zeros_like(value)),
          second(at::zeros_like(value)), average(value.clone()) {}

    void step(const at::Tensor& gradient, double decay) {
        const at::Tensor g = gradient.to(at::kDouble);
        ++steps;
        value = value * (1 - options.lr * decay);
        if (options.optimizer == OptimizerKind::sgd) {
            first = options.momentum * first + g;
            value = value - options.lr * first;
        } else {
            const auto t = static_cast<double>(steps);
            first = 0.9 * first + 0.1 * g;
            second = options.beta2 * second + (1 - options.beta2) * g * g;
            const at::Tensor root = (second / (1 - std::pow(options.beta2, t))).sqrt() + 1e-8;
            value = value - options.lr * first / (1 - std::pow(0.9, t)) / root;
        }
        const double count = static_cast<double>(steps - 1), keep = std::min(0.9, (1 + count) / (10 + count));
        average = average + (1 - keep) * (value - average);
    }
};

class ClassColumns : public testing::TestWithParam<OptimizerKind> {};

TEST_P(ClassColumns, EachChannelIsTrainedAsIfAlone) {
    const TrainOptions options = options_of(GetParam());
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        Random random(seed);
        GraphModule module = class_convolution();
        Optimizer optimizer(module, options);
        Ema ema(module, 0.9);
        std::map<std::string, std::vector<ChannelReference>> expected;
        for (const auto& [name, parameter] : module.parameters()) {
            for (std::int64_t c = 0; c < kChannels; ++c) expected[name].emplace_back(options, parameter[c]);
        }
        for (int step = 0; step < 12; ++step) {
            draw_gradients(module, step);
            const at::Tensor channels = random.chance(0.3) ? at::Tensor() : draw_channels(random);
            ActiveChannels active;
            if (channels.defined()) active = {{kWeight, channels}, {kBias, channels}};
            const at::Tensor all = channels.defined() ? channels : at::arange(kChannels);
            for (std::int64_t i = 0; i < all.numel(); ++i) {
                const std::int64_t c = all[i].item<std::int64_t>();
                for (auto& [name, references] : expected) {
                    const double decay = name == kWeight ? options.weight_decay : 0;
                    references[static_cast<std::size_t>(c)].step(module.tensor(name).grad()[c], decay);
                }
            }
            optimizer.step(1.0, active);
            ema.update(module, {kBias, kWeight}, active);
        }
        const auto averages = ema.state();
        for (const auto& [name, references] : expected) {
            for (std::int64_t c = 0; c < kChannels; ++c) {
                const ChannelReference& reference = references[static_cast<std::size_t>(c)];
                expect_close(module.tensor(name)[c].detach().to(at::kDouble), reference.value, {1e-6, 1e-6});
                expect_close(averages.at("average." + name)[c].to(at::kDouble), reference.average, {1e-6, 1e-6});
            }
        }
    }
}

TEST_P(ClassColumns, IdleChannelsKeepEveryBit) {
    Random random(3);
    GraphModule module = class_convolution();
    Optimizer optimizer(module, options_of(GetParam()));
    Ema ema(module, 0.9);
    const auto everything = [&] {
        std::map<std::string, at::Tensor> all = test::copies_of(module);
        for (const auto& [name, tensor] : optimizer.state()) all["optimizer " + name] = tensor.clone();
        for (const auto& [name, tensor] : ema.state()) all["ema " + name] = tensor.clone();
        for (auto& [name, tensor] : all) {
            if (tensor.dim() == 0) tensor = tensor.expand({kChannels}); // one count for all
        }
        return all;
    };
    draw_gradients(module, 99);
    optimizer.step(1.0);
    ema.update(module, {kBias, kWeight});
    for (int step = 0; step < 60; ++step) {
        const at::Tensor channels = draw_channels(random);
        const auto before = everything();
        draw_gradients(module, step);
        optimizer.step(1.0, {{kWeight, channels}, {kBias, channels}});
        ema.update(module, {kBias, kWeight}, {{kWeight, channels}, {kBias, channels}});
        const auto after = everything();
        ASSERT_EQ(before.size(), after.size());
        for (const auto& [name, tensor] : before) {
            for (std::int64_t c = 0; c < kChannels; ++c) {
                const bool active = (channels == c).any().item<bool>();
                ASSERT_NE(at::equal(tensor[c], after.at(name)[c]), active) << name << " channel " << c;
            }
        }
    }
}

TEST_P(ClassColumns, ChannelsThatAreAlwaysActiveEqualTheWholeTensorsPath) {
    Random random(4);
    GraphModule parted = class_convolution(), whole = class_convolution();
    Optimizer by_channel(parted, options_of(GetParam())), at_once(whole, options_of(GetParam()));
    for (int step = 0; step < 50; ++step) {
        const at::Tensor channels = draw_channels(random);
        draw_gradients(parted, step);
        draw_gradients(whole, step);
        by_channel.step(1.0, {{kWeight, channels}, {kBias, channels}});
        at_once.step(1.0);
    }
    for (const char* name : {kWeight, kBias}) {
        expect_close(parted.tensor(name)[0], whole.tensor(name)[0], {1e-6, 1e-6});
    }
}

TEST_P(ClassColumns, GoOnFromTheirState) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Random random(seed);
        GraphModule module = class_convolution(), other = class_convolution();
        Optimizer optimizer(module, options_of(GetParam())), restored(other, options_of(GetParam()));
        Ema ema(module, 0.9), restored_ema(other, 0.9);
        const std::int64_t stop = random.integer(0, 6);
        for (std::int64_t step = 0; step < 12; ++step) {
            if (step == stop) {
                other.load_host(module.to_host());
                restored.load_state(optimizer.state());
                restored_ema.load_state(ema.state());
            }
            ActiveChannels active;
            if (random.chance(0.7)) active = {{kWeight, draw_channels(random)}, {kBias, draw_channels(random)}};
            draw_gradients(module, step);
            optimizer.step(1.0, active);
            ema.update(module, {kBias, kWeight}, active);
            if (step < stop) continue;
            draw_gradients(other, step);
            restored.step(1.0, active);
            restored_ema.update(other, {kBias, kWeight}, active);
        }
        EXPECT_EQ(module.to_host(), other.to_host());
        for (const auto& [name, tensor] : optimizer.state()) EXPECT_TRUE(at::equal(restored.state().at(name), tensor));
        for (const auto& [name, tensor] : ema.state()) EXPECT_TRUE(at::equal(restored_ema.state().at(name), tensor));
    }
}

/// A branch of two anchors a cell for three tasks, and one for a fourth.
ModelOptions merged_model() {
    ModelOptions options = test::tiny_options({"a", "b", "c", "other"});
    options.branches = {test::tiny_branch("both", {"a", "b", "c"}), test::tiny_branch("other", {"other"})};
    options.branches[0].anchors.aspect_hw = {0.5, 1};
    return options;
}

TEST_P(ClassColumns, StepsMoveTheColumnsThatHaveLabelsAndNoOthers) {
    TrainOptions options = test::fp32_options();
    options.optimizer = GetParam();
    options.warmup_steps = 0;
    MultiTaskModel model(merged_model());
    TrainStep forward(model, options);
    Optimizer optimizer(model.module(), options);
    Ema ema(model.module(), 0.9);
    StepUpdate update(model, forward, optimizer, ema, options);
    Random random(8);
    torch::manual_seed(2);
    const auto learn = [&](const std::vector<int>& known, std::int64_t step) {
        std::vector<LabelledBox> boxes;
        for (const int id : known) boxes.push_back({{8, 8, 30, 34}, id});
        update.run(torch::randn({2, 3, 64, 64}), std::vector<Labels>(2, labels_of(4, known, boxes)), step);
    };
    learn({0, 1, 2, 3}, 0);
    const Branch& branch = model.branch("both");
    for (std::int64_t step = 1; step < 12; ++step) {
        std::vector<int> known{3};
        for (int id = 0; id < 3; ++id) {
            if (random.chance(0.5)) known.push_back(id);
        }
        const StateSnapshot before(model, optimizer, ema);
        learn(known, step);
        const StateSnapshot after(model, optimizer, ema);
        for (std::size_t k = 0; k < 3; ++k) {
            const SnapshotComparison result = compare(before, after, columns_of_classes(model, branch, {k}));
            const bool active = std::find(known.begin(), known.end(), static_cast<int>(k)) != known.end();
            EXPECT_EQ(result.first_difference.empty(), !active) << "class " << k << " step " << step;
            EXPECT_EQ(result.tensors, GetParam() == OptimizerKind::adamw ? 12 : 8);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, ClassColumns, testing::Values(OptimizerKind::adamw, OptimizerKind::sgd),
                         [](const auto& kind) { return kind.param == OptimizerKind::adamw ? "AdamW" : "Sgd"; });

TEST(ChannelCounts, StayOneNumberUntilAnUpdateLeavesChannelsOut) {
    ChannelCounts counts;
    ASSERT_EQ(counts.advance({}, 3).size(), 1U);
    EXPECT_EQ(counts.advance(torch::tensor({0, 1, 2}, at::kLong), 3).front().channels.defined(), false);
    const std::vector<ChannelCounts::Part> parts = counts.advance(torch::tensor({0, 2}, at::kLong), 3);
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_EQ(parts[0].count, 3);
    EXPECT_TRUE(at::equal(parts[0].channels, torch::tensor({0, 2}, at::kLong)));
    EXPECT_TRUE(at::equal(counts.to_tensor(), torch::tensor({3, 2, 3}, at::kLong)));
    const std::vector<ChannelCounts::Part> all = counts.advance({}, 3);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].count, 3);
    EXPECT_TRUE(at::equal(all[0].channels, torch::tensor({1}, at::kLong)));
    EXPECT_FALSE(counts.load(torch::zeros({2}, at::kLong), 3));
    EXPECT_TRUE(counts.load(torch::tensor(5, at::kLong), 3));
    EXPECT_EQ(counts.to_tensor().item<std::int64_t>(), 5);
}

} // namespace
} // namespace banyan
