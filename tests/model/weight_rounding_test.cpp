#include "model/weight_rounding.h"

#include <gtest/gtest.h>

#include "graph/builder.h"
#include "graph/quantized_weight.h"
#include "model/graph_module.h"
#include "model/libtorch.h"

namespace banyan {
namespace {

at::Tensor drawn(at::IntArrayRef sizes, std::uint64_t seed) {
    return at::randn(sizes, at::make_generator<at::CPUGeneratorImpl>(seed), at::kFloat);
}

TEST(RoundWeight, GivesTheWeightsOfEightBitKernels) {
    const at::Tensor weight = drawn({5, 3, 3, 3}, 1) * at::tensor({1.0F, 1e-3F, 40.0F, 0.0F, 1.0F}).view({5, 1, 1, 1});
    HostTensor host{{5, 3, 3, 3}, {}};
    host.data.assign(weight.const_data_ptr<float>(), weight.const_data_ptr<float>() + weight.numel());
    const HostTensor expected = dequantize_weight(quantize_weight("w", host));
    const at::Tensor rounded = round_weight(weight);
    EXPECT_FALSE(at::equal(rounded, weight));
    const at::Tensor kernels = at::from_blob(const_cast<float*>(expected.data.data()), weight.sizes());
    EXPECT_LT((rounded - kernels).abs().max().item<float>(), 1e-6F * 40);
    EXPECT_TRUE(at::allclose(round_weight(rounded), rounded, 1e-6)); // again nothing changes
}

TEST(RoundWeight, PassesTheGradient) {
    at::Tensor weight = drawn({4, 2, 1, 1}, 2).requires_grad_(true);
    const at::Tensor factor = drawn({4, 2, 1, 1}, 3);
    (round_weight(weight) * factor).sum().backward();
    EXPECT_TRUE(at::equal(weight.grad(), factor));
}

TEST(RoundWeight, IsPartOfARunBehindAFakeQuantOnly) {
    GraphBuilder b(8, 8);
    const ValueId rounded = b.fake_quant(b.image(), "image.quant", {0.05, 128});
    const ValueId pooled = b.max_pool(rounded, "pool", 2, 2, 0); // copies the bytes
    b.output("eight", b.conv(pooled, "eight", {.out_channels = 4, .kernel = 3, .pad = 1, .parameters = "w"}));
    b.output("exact", b.conv(b.image(), "exact", {.out_channels = 4, .kernel = 3, .pad = 1, .parameters = "w"}));
    GraphModule module(b.build());
    const at::Tensor weight = module.tensor("w.weight"), images = drawn({2, 3, 8, 8}, 4);
    const auto outputs = module.run_outputs(images);
    const at::Tensor bytes = at::fake_quantize_per_tensor_affine(images, 0.05, 128, 0, 255);
    const auto conv = [](const at::Tensor& x, const at::Tensor& w) { return at::conv2d(x, w, {}, 1, 1); };
    EXPECT_TRUE(at::allclose(outputs.at("eight"), conv(at::max_pool2d(bytes, 2, 2), round_weight(weight)), 1e-4, 1e-5));
    EXPECT_TRUE(at::allclose(outputs.at("exact"), conv(images, weight), 1e-4, 1e-5));
    outputs.at("eight").sum().backward();
    EXPECT_TRUE(weight.grad().defined());
}

} // namespace
} // namespace banyan
