#include "model/strided_depthwise.h"

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include "graph/builder.h"
#include "model/graph_module.h"
#include "model/libtorch.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

constexpr test::Tolerance kBFloat16Rounding{0.01, 0.01}; // 8 significant bits; gradients are sums of up to 25 terms

at::Tensor learned(at::IntArrayRef shape) { return torch::randn(shape).to(at::kBFloat16).set_requires_grad(true); }

TEST(StridedDepthwise, ValueAndGradientsEqualThoseInDoublePrecision) {
    torch::manual_seed(5);
    for (const std::int64_t kernel : {3, 5}) {
        for (const bool with_bias : {false, true}) {
            const at::Tensor x = learned({2, 32, 11, 14}), weight = learned({32, 1, kernel, kernel});
            const at::Tensor bias = with_bias ? learned({32}) : at::Tensor();
            const at::Tensor y = strided_depthwise_bf16(x, weight, bias, 2, {kernel / 2, kernel / 2});
            const at::Tensor wide_bias = with_bias ? bias.to(at::kDouble) : bias;
            const at::Tensor expected =
                at::conv2d(x.to(at::kDouble), weight.to(at::kDouble), wide_bias, 2, kernel / 2, 1, 32);
            EXPECT_EQ(y.scalar_type(), at::kBFloat16);
            expect_close(y, expected, kBFloat16Rounding);

            std::vector<at::Tensor> inputs{x, weight};
            if (with_bias) inputs.push_back(bias);
            const at::Tensor upstream = torch::randn_like(expected).to(at::kBFloat16);
            const auto got = torch::autograd::grad({y}, inputs, {upstream});
            const auto wanted = torch::autograd::grad({expected}, inputs, {upstream.to(at::kDouble)});
            for (std::size_t i = 0; i < inputs.size(); ++i) {
                const double largest = wanted[i].abs().max().item<double>();
                EXPECT_EQ(got[i].scalar_type(), at::kBFloat16);
                expect_close(got[i], wanted[i], {0.01, 0.01 * largest});
            }
        }
    }
}

TEST(StridedDepthwise, ServesTheGraphModuleUnderAutocast) {
    torch::manual_seed(6);
    GraphBuilder b(16, 16);
    ConvBnActOptions wide, depthwise;
    wide.out_channels = depthwise.out_channels = depthwise.groups = 16;
    depthwise.stride = 2;
    b.output("y", b.conv_bn_act(b.conv_bn_act(b.image(), "wide", wide), "dw", depthwise));
    GraphModule module(b.build());
    RunRequest request;
    request.given[0] = torch::randn({2, 3, 16, 16});
    request.targets = {module.graph().outputs.at("y")};
    request.training = true;
    request.frozen_norms = {""};
    const std::vector<at::Tensor> weights{module.tensor("wide.conv.weight"), module.tensor("dw.conv.weight")};
    const auto gradients = [&] {
        const at::Tensor y = module.run(request).at(request.targets[0]);
        return torch::autograd::grad({y}, weights, {torch::ones_like(y)});
    };
    const auto exact = gradients();
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    const auto rough = gradients();
    at::autocast::set_autocast_enabled(at::kCPU, false);
    at::autocast::clear_cache();
    for (std::size_t i = 0; i < weights.size(); ++i) {
        EXPECT_EQ(rough[i].scalar_type(), at::kFloat);
        expect_close(rough[i], exact[i], {0.05, 0.05 * exact[i].abs().max().item<double>()});
    }
}

} // namespace
} // namespace banyan
