#include "model/graph_operators.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include "core/error.h"
#include "graph/builder.h"
#include "model/graph_module.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

constexpr test::Tolerance kRounding{1e-12, 1e-12};

/// Images of odd size, so that paddings and windows do not come out even by chance.
at::Tensor images() { return torch::randn({2, 3, 11, 14}, at::kDouble); }

/// A graph of one or two operators, in float64.
struct Fixture {
    GraphModule module;
    ValueId output;

    at::Tensor run(const at::Tensor& image) {
        RunRequest request;
        request.given[0] = image;
        request.targets = {output};
        return module.run(request).at(output);
    }
    const at::Tensor& tensor(const std::string& name) const { return module.tensor(name); }
};

Fixture make(const std::function<ValueId(GraphBuilder&)>& body) {
    torch::manual_seed(7);
    GraphBuilder builder(11, 14);
    const ValueId output = body(builder);
    builder.output("y", output);
    GraphModuleOptions options;
    options.dtype = at::kDouble;
    return {GraphModule(builder.build(), options), output};
}

ConvAttributes conv_of(std::int64_t channels, std::int64_t kernel, std::int64_t stride = 1) {
    ConvAttributes conv;
    conv.out_channels = channels;
    conv.kernel = kernel;
    conv.stride = stride;
    return conv;
}

/// Plain formulas, not the functions under test.
at::Tensor formula(Activation kind, const at::Tensor& x) {
    switch (kind) {
    case Activation::relu: return at::clamp_min(x, 0);
    case Activation::relu6: return at::clamp(x, 0, 6);
    case Activation::silu: return x * at::sigmoid(x);
    case Activation::hard_swish: return x * at::clamp(x + 3, 0, 6) / 6;
    case Activation::sigmoid: return 1 / (1 + at::exp(-x));
    case Activation::none: break;
    }
    return x;
}

constexpr Activation kActivations[] = {Activation::relu, Activation::relu6, Activation::silu, Activation::hard_swish,
                                       Activation::sigmoid};

TEST(GraphOperators, ConvolvesWithStrideGroupsPaddingAndBias) {
    Fixture f = make([](GraphBuilder& b) {
        ConvAttributes conv = conv_of(6, 3, 2);
        conv.pad = 1;
        conv.groups = 3;
        conv.bias = true;
        return b.conv(b.image(), "c", conv);
    });
    f.module.assign("c.bias", torch::randn({6}));
    const at::Tensor x = images();
    const at::Tensor expected = at::conv2d(x, f.tensor("c.weight"), f.tensor("c.bias"), {2, 2}, {1, 1}, {1, 1}, 3);
    expect_close(f.run(x), expected, kRounding);
}

TEST(GraphOperators, PadsLikeTensorFlowWithTheOddPixelAtTheEnd) {
    const auto total = [](std::int64_t in, std::int64_t kernel, std::int64_t stride) {
        return std::max<std::int64_t>(((in + stride - 1) / stride - 1) * stride + kernel - in, 0);
    };
    for (const std::int64_t kernel : {1, 3, 5}) {
        for (const std::int64_t stride : {1, 2, 3}) {
            Fixture f = make([&](GraphBuilder& b) {
                ConvAttributes conv = conv_of(4, kernel, stride);
                conv.padding = Padding::same_tf;
                return b.conv(b.image(), "c", conv);
            });
            const at::Tensor x = images(), y = f.run(x);
            const std::int64_t rows = total(11, kernel, stride), columns = total(14, kernel, stride);
            const at::Tensor padded =
                at::constant_pad_nd(x, {columns / 2, columns - columns / 2, rows / 2, rows - rows / 2});
            expect_close(y, at::conv2d(padded, f.tensor("c.weight"), {}, stride), kRounding);
            EXPECT_EQ(y.size(2), (11 + stride - 1) / stride);
        }
    }
}

TEST(GraphOperators, ActivateByEveryFunctionAndKeepTheirInput) {
    for (const Activation kind : kActivations) {
        Fixture f = make([&](GraphBuilder& b) { return b.activation(b.image(), "a", kind); });
        const at::Tensor x = images() * 5, before = x.clone();
        expect_close(f.run(x), formula(kind, x), kRounding);
        expect_close(x, before);
    }
}

TEST(GraphOperators, TakeGradientsOfActivationsDoneInPlace) {
    for (const Activation kind : kActivations) {
        Fixture f =
            make([&](GraphBuilder& b) { return b.activation(b.conv(b.image(), "c", conv_of(4, 1)), "a", kind); });
        f.module.assign("c.weight", torch::randn({4, 3, 1, 1}) * 5);
        const at::Tensor x = images(), weight = f.tensor("c.weight");
        const at::Tensor y = f.run(x), expected = formula(kind, at::conv2d(x, weight));
        expect_close(y, expected, kRounding);
        const at::Tensor upstream = torch::randn_like(y);
        expect_close(torch::autograd::grad({y}, {weight}, {upstream})[0],
                     torch::autograd::grad({expected}, {weight}, {upstream})[0], kRounding);
        const at::NoGradGuard no_gradient;
        expect_close(f.run(x), expected, kRounding);
    }
}

TEST(GraphOperators, PoolConcatenateAddAndUpsample) {
    const at::Tensor x = images();
    Fixture max = make([](GraphBuilder& b) { return b.max_pool(b.image(), "p", 3, 2, 1); });
    expect_close(max.run(x), at::max_pool2d(x, 3, 2, 1), kRounding);
    Fixture average = make([](GraphBuilder& b) { return b.average_pool(b.image(), "p", 3, 2, 1); });
    expect_close(average.run(x), at::avg_pool2d(x, 3, 2, 1), kRounding);
    Fixture global = make([](GraphBuilder& b) { return b.global_average_pool(b.image(), "p"); });
    expect_close(global.run(x), x.mean({2, 3}, true), kRounding);
    Fixture concat = make([](GraphBuilder& b) {
        return b.concat({b.image(), b.activation(b.image(), "r", Activation::relu), b.image()}, "cat");
    });
    expect_close(concat.run(x), at::cat({x, at::relu(x), x}, 1), kRounding);
    Fixture twice = make([](GraphBuilder& b) { return b.add(b.image(), b.image(), "sum"); });
    expect_close(twice.run(x), 2 * x, kRounding);
    Fixture up =
        make([](GraphBuilder& b) { return b.upsample_like(b.max_pool(b.image(), "p", 2, 2, 0), b.image(), "up"); });
    expect_close(up.run(x), at::upsample_nearest2d(at::max_pool2d(x, 2, 2), {11, 14}), kRounding);
}

TEST(GraphOperators, SelectChannelsAndSoftmax) {
    const at::Tensor x = images();
    Fixture select = make([](GraphBuilder& b) { return b.select_channels(b.image(), "s", {2, 0, 0, 1}); });
    expect_close(select.run(x),
                 at::cat({x.narrow(1, 2, 1), x.narrow(1, 0, 1), x.narrow(1, 0, 1), x.narrow(1, 1, 1)}, 1), kRounding);
    // An activation behind a softmax must leave its result alone: the gradient needs it.
    Fixture soft = make([](GraphBuilder& b) {
        const ValueId conv = b.conv(b.image(), "c", {.out_channels = 4});
        return b.activation(b.softmax(conv, "s"), "a", Activation::sigmoid);
    });
    const at::Tensor weight = soft.tensor("c.weight"), y = soft.run(x);
    const at::Tensor expected = at::conv2d(x, weight).softmax(1).sigmoid();
    expect_close(y, expected, kRounding);
    const at::Tensor upstream = torch::randn_like(y);
    expect_close(torch::autograd::grad({y}, {weight}, {upstream})[0],
                 torch::autograd::grad({expected}, {weight}, {upstream})[0], kRounding);
}

TEST(GraphOperators, DilatedConvolution) {
    const at::Tensor x = images();
    Fixture dilated = make([](GraphBuilder& b) {
        ConvAttributes conv{.out_channels = 4, .kernel = 3, .pad = 2};
        conv.dilation = 2;
        return b.conv(b.image(), "c", conv);
    });
    expect_close(dilated.run(x), at::conv2d(x, dilated.tensor("c.weight"), {}, {1, 1}, {2, 2}, {2, 2}), kRounding);
}

TEST(GraphOperators, ScaleAndClassify) {
    const at::Tensor x = images();
    Fixture scale = make([](GraphBuilder& b) { return b.scale(b.image(), "s", {}, 1.5); });
    expect_close(scale.run(x), x * 1.5, kRounding);
    const at::Tensor gradient = torch::autograd::grad({scale.run(x).sum()}, {scale.tensor("s.scale")})[0];
    expect_close(gradient, x.sum().reshape({1}), kRounding);

    Fixture linear = make([](GraphBuilder& b) {
        return b.activation(b.linear(b.global_average_pool(b.image(), "p"), "fc", {5, ""}), "a", Activation::relu6);
    });
    linear.module.assign("fc.bias", torch::randn({5}));
    const at::Tensor expected = at::linear(x.mean({2, 3}), linear.tensor("fc.weight"), linear.tensor("fc.bias"));
    expect_close(linear.run(x), at::clamp(expected.view({2, 5, 1, 1}), 0, 6), kRounding);
}

/// A group norm of two groups behind a convolution of six channels, and the same by plain formulas.
Fixture grouped() {
    Fixture f = make([](GraphBuilder& b) {
        return b.group_norm(b.conv(b.image(), "c", conv_of(6, 1)), "n", {.groups = 2, .eps = 1e-3});
    });
    f.module.assign("n.weight", torch::rand({6}) + 0.5);
    f.module.assign("n.bias", torch::randn({6}));
    return f;
}

at::Tensor grouped_by_formula(const Fixture& f, const at::Tensor& x) {
    const at::Tensor y = at::conv2d(x, f.tensor("c.weight"));
    const at::Tensor groups = y.reshape({2, 2, -1}); // [N, 6, H, W] -> [N, 2, 3*H*W]
    const at::Tensor centred = groups - groups.mean(2, true);
    const at::Tensor normal = centred / at::sqrt((centred * centred).mean(2, true) + 1e-3);
    return normal.view_as(y) * f.tensor("n.weight").view({6, 1, 1}) + f.tensor("n.bias").view({6, 1, 1});
}

TEST(GraphOperators, NormaliseGroupsOfChannelsWithGradients) {
    Fixture f = grouped();
    const at::Tensor x = images(), y = f.run(x), expected = grouped_by_formula(f, x);
    expect_close(y, expected, kRounding);
    const at::Tensor upstream = torch::randn_like(y);
    for (const std::string name : {"c.weight", "n.weight", "n.bias"}) {
        expect_close(torch::autograd::grad({y}, {f.tensor(name)}, {upstream}, true)[0],
                     torch::autograd::grad({expected}, {f.tensor(name)}, {upstream}, true)[0], {1e-10, 1e-10});
    }
}

TEST(GraphOperators, NormaliseGroupsAlikeInTrainingAndOnEachRowAlone) {
    Fixture f = grouped();
    const at::Tensor x = images();
    RunRequest request;
    request.given[0] = x;
    request.targets = {f.output};
    request.training = true;
    const at::Tensor training = f.module.run(request).at(f.output);
    expect_close(training, f.run(x));
    expect_close(training.narrow(0, 1, 1), f.run(x.narrow(0, 1, 1)), kRounding);
    EXPECT_TRUE(f.module.buffers().empty());
}

TEST(GraphOperators, NameTheNodeAndTheShapesOnFailure) {
    Fixture sum = make([](GraphBuilder& b) { // windows that agree at 11 x 14 pixels, but not at 12 x 12
        const ValueId third = b.max_pool(b.image(), "third", 3, 3, 0);
        return b.add(third, b.conv(b.image(), "other", conv_of(3, 5, 3)), "sum.of.both");
    });
    EXPECT_NO_THROW(sum.run(images()));
    expect_error<ShapeError>(
        [&] {
            sum.run(torch::randn({1, 3, 12, 12}, at::kDouble));
        },
        {"sum.of.both", "[1, 3, 4, 4]", "[1, 3, 3, 3]"});
    Fixture conv = make([](GraphBuilder& b) { return b.conv(b.image(), "wide", conv_of(3, 7)); });
    expect_error<ShapeError>([&] { conv.run(torch::randn({1, 3, 5, 5}, at::kDouble)); }, {"wide", "[1, 3, 5, 5]"});
}

} // namespace
} // namespace banyan
