#include "train/optimizer.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/optim.h>

#include "core/error.h"
#include "graph/builder.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A backbone layer with a norm, and a branch with a bias.
GraphModule small_module(bool channels_last = true) {
    GraphBuilder b(8, 8);
    ConvBnActOptions layer;
    layer.out_channels = 4;
    ConvAttributes last;
    last.out_channels = 3;
    last.bias = true;
    b.output("y", b.conv(b.conv_bn_act(b.image(), "trunk.backbone.stem", layer), "branches.face.cls", last));
    GraphModuleOptions options;
    options.channels_last = channels_last;
    options.seed = 5;
    return GraphModule(b.build(), options);
}

constexpr const char* kStem = "trunk.backbone.stem.conv.weight";
constexpr const char* kNorm = "trunk.backbone.stem.bn.weight";
constexpr const char* kHead = "branches.face.cls.weight";
constexpr const char* kBias = "branches.face.cls.bias";
const std::vector<std::string> kDecayed{kStem, kHead};

TrainOptions options_of(OptimizerKind kind) {
    TrainOptions options;
    options.optimizer = kind;
    options.lr = 0.02;
    options.backbone_lr_scale = 0.25;
    options.weight_decay = 0.1;
    options.momentum = 0.8;
    options.beta2 = 0.95;
    return options;
}

/// Gradient number `step` of a parameter: the bias has none in odd steps.
at::Tensor gradient_of(const std::string& name, const at::Tensor& parameter, int step) {
    if (name == kBias && step % 2 == 1) return {};
    torch::manual_seed(100 * step + static_cast<int>(name.size()));
    return torch::randn(parameter.sizes()); // in plain order, whatever the parameter's is
}

void set_gradients(const GraphModule& module, int step) {
    for (const auto& [name, parameter] : module.parameters()) {
        at::Tensor handle = parameter;
        handle.mutable_grad() = gradient_of(name, parameter, step);
    }
}

bool is_in_backbone(const std::string& name) { return name.starts_with("trunk.backbone."); }
bool is_decayed(const std::string& name) { return name == kStem || name == kHead; }

TEST(Optimizer, AdamWEqualsTorchs) {
    for (const bool channels_last : {true, false}) {
        GraphModule module = small_module(channels_last);
        const TrainOptions options = options_of(OptimizerKind::adamw);
        Optimizer optimizer(module, options);
        std::map<std::string, at::Tensor> expected;
        std::vector<torch::optim::OptimizerParamGroup> groups;
        for (const auto& [name, parameter] : module.parameters()) {
            expected[name] = parameter.detach().clone().contiguous().requires_grad_(true);
            auto defaults = std::make_unique<torch::optim::AdamWOptions>(
                options.lr * 0.5 * (is_in_backbone(name) ? options.backbone_lr_scale : 1));
            defaults->betas({0.9, options.beta2}).weight_decay(is_decayed(name) ? options.weight_decay : 0);
            groups.emplace_back(std::vector<at::Tensor>{expected[name]}, std::move(defaults));
        }
        torch::optim::AdamW reference(groups);
        for (int step = 0; step < 6; ++step) {
            set_gradients(module, step);
            for (auto& [name, tensor] : expected) tensor.mutable_grad() = gradient_of(name, tensor, step);
            optimizer.step(0.5);
            reference.step();
        }
        for (const auto& [name, tensor] : expected) expect_close(module.tensor(name), tensor, {1e-5, 1e-6});
    }
}

TEST(Optimizer, SgdEqualsItsFormula) {
    GraphModule module = small_module();
    const TrainOptions options = options_of(OptimizerKind::sgd);
    Optimizer optimizer(module, options);
    std::map<std::string, at::Tensor> value, velocity;
    for (const auto& [name, parameter] : module.parameters()) {
        value[name] = parameter.detach().to(at::kDouble);
        velocity[name] = at::zeros_like(value[name]);
    }
    for (int step = 0; step < 5; ++step) {
        set_gradients(module, step);
        optimizer.step(2.0);
        for (auto& [name, tensor] : value) {
            const at::Tensor gradient = gradient_of(name, tensor, step);
            if (!gradient.defined()) continue;
            const double lr = options.lr * 2.0 * (is_in_backbone(name) ? options.backbone_lr_scale : 1);
            velocity[name] = options.momentum * velocity[name] + gradient;
            tensor = tensor * (1 - lr * (is_decayed(name) ? options.weight_decay : 0)) - lr * velocity[name];
        }
    }
    for (const auto& [name, tensor] : value) expect_close(module.tensor(name), tensor, {1e-5, 1e-6});
}

TEST(Optimizer, WithoutAGradientNothingMoves) {
    GraphModule module = small_module();
    Optimizer optimizer(module, options_of(OptimizerKind::adamw));
    const HostTensors before = module.to_host();
    optimizer.step(1.0);
    EXPECT_EQ(module.to_host(), before);
    EXPECT_THAT(optimizer.state(), IsEmpty());
    EXPECT_THAT(optimizer.active(), IsEmpty());
    EXPECT_EQ(optimizer.clip(1.0), 0);
}

TEST(Optimizer, KnowsWhichParametersHaveAGradient) {
    GraphModule module = small_module();
    Optimizer optimizer(module, options_of(OptimizerKind::sgd));
    set_gradients(module, 1);
    EXPECT_THAT(optimizer.active(), ElementsAre(kHead, "trunk.backbone.stem.bn.bias", kNorm, kStem));
    optimizer.zero_grad();
    EXPECT_THAT(optimizer.active(), IsEmpty());
    EXPECT_FALSE(module.tensor(kStem).grad().defined());
}

TEST(Optimizer, ClipScalesAllGradientsToTheNorm) {
    GraphModule module = small_module();
    Optimizer optimizer(module, options_of(OptimizerKind::sgd));
    at::Tensor bias = module.tensor(kBias), norm = module.tensor(kNorm);
    bias.mutable_grad() = torch::tensor({3.0F, 0.0F, 0.0F});
    norm.mutable_grad() = torch::tensor({0.0F, 4.0F, 0.0F, 0.0F});
    EXPECT_DOUBLE_EQ(optimizer.clip(0), 5);
    EXPECT_DOUBLE_EQ(optimizer.clip(6), 5);
    expect_close(bias.grad(), torch::tensor({3.0F, 0.0F, 0.0F})); // small enough, or off
    EXPECT_DOUBLE_EQ(optimizer.clip(2.5), 5);
    expect_close(bias.grad(), torch::tensor({1.5F, 0.0F, 0.0F}));
    expect_close(norm.grad(), torch::tensor({0.0F, 2.0F, 0.0F, 0.0F}));
}

TEST(Optimizer, FindsAGradientThatIsNotFinite) {
    GraphModule module = small_module();
    Optimizer optimizer(module, options_of(OptimizerKind::sgd));
    set_gradients(module, 0);
    EXPECT_EQ(optimizer.find_non_finite_gradient(), "");
    at::Tensor norm = module.tensor(kNorm);
    norm.mutable_grad()[2] = std::numeric_limits<float>::infinity();
    EXPECT_EQ(optimizer.find_non_finite_gradient(), kNorm);
    EXPECT_FALSE(std::isfinite(optimizer.clip(1.0)));
}

TEST(Optimizer, GoesOnFromItsState) {
    for (const OptimizerKind kind : {OptimizerKind::adamw, OptimizerKind::sgd}) {
        GraphModule module = small_module(), other = small_module();
        Optimizer optimizer(module, options_of(kind)), restored(other, options_of(kind));
        set_gradients(module, 1); // the bias has no state yet
        optimizer.step(1.0);
        EXPECT_EQ(optimizer.state().count(std::string("first.") + kBias), 0U);
        other.load_host(module.to_host());
        restored.load_state(optimizer.state());
        for (int step = 2; step < 5; ++step) {
            for (const auto& [trained, by] : {std::pair{&module, &optimizer}, std::pair{&other, &restored}}) {
                set_gradients(*trained, step);
                by->step(1.0);
            }
        }
        EXPECT_EQ(module.to_host(), other.to_host());
        for (const auto& [name, tensor] : optimizer.state()) EXPECT_TRUE(at::equal(restored.state().at(name), tensor));
    }
}

TEST(Optimizer, RefusesStateThatDoesNotFit) {
    GraphModule module = small_module();
    Optimizer optimizer(module, options_of(OptimizerKind::adamw));
    set_gradients(module, 0);
    optimizer.step(1.0);
    auto state = optimizer.state();
    state["first.branches.hand.cls.bias"] = torch::zeros({3});
    expect_error<ModelFileError>([&] { optimizer.load_state(state); }, {"parameters that the model lacks"});
    state = optimizer.state();
    state[std::string("second.") + kBias] = torch::zeros({4});
    expect_error<ModelFileError>([&] { optimizer.load_state(state); }, {"does not fit", kBias});
    state = optimizer.state();
    state.erase(std::string("second.") + kBias);
    expect_error<ModelFileError>([&] { optimizer.load_state(state); }, {"incomplete", kBias});
}

TEST(LrScale, WarmsUpAndFallsAsACosine) {
    TrainOptions options;
    options.steps = 110;
    options.warmup_steps = 10;
    options.final_lr_scale = 0.2;
    EXPECT_DOUBLE_EQ(lr_scale(options, 0), 0.1);
    EXPECT_DOUBLE_EQ(lr_scale(options, 9), 1.0);
    EXPECT_DOUBLE_EQ(lr_scale(options, 10), 1.0);
    EXPECT_DOUBLE_EQ(lr_scale(options, 60), 0.6); // half-way between 1 and 0.2
    EXPECT_DOUBLE_EQ(lr_scale(options, 110), 0.2);
    EXPECT_DOUBLE_EQ(lr_scale(options, 500), 0.2);
    for (std::int64_t step = 10; step < 110; ++step) EXPECT_LE(lr_scale(options, step + 1), lr_scale(options, step));
}

TEST(LrScale, WorksWithoutWarmUpAndWithMoreWarmUpThanSteps) {
    TrainOptions options;
    options.steps = 4;
    options.warmup_steps = 0;
    EXPECT_DOUBLE_EQ(lr_scale(options, 0), 1.0);
    options.warmup_steps = 8;
    EXPECT_DOUBLE_EQ(lr_scale(options, 3), 0.5);
}

} // namespace
} // namespace banyan
