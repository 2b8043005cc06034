// The engine computes what the torch executor computes, for every kind of network that configs can name.

#include <cmath>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "graph/pass_list.h"
#include "model/autocast.h"
#include "model/graph_module.h"
#include "tests/infer/kinds_of_network.h"

namespace banyan {
namespace {

using test::kBatch;
using test::kMean;
using test::kStd;
using test::Network;

class EngineParity : public ::testing::TestWithParam<Network> {
protected:
    EngineParity() : network_(test::with_values(GetParam().build())) {
        const ValueShape& image = network_.graph.value(network_.graph.input).shape;
        pixels_ = test::random_pixels(image.height, image.width);
        GraphModule module(network_.graph);
        module.load_host(network_.tensors);
        const at::Tensor mean = at::tensor(at::ArrayRef<double>(kMean), at::kDouble);
        const at::Tensor std = at::tensor(at::ArrayRef<double>(kStd), at::kDouble);
        const at::Tensor images = ((pixels_.to(at::kDouble) - mean) / std).to(at::kFloat).permute({0, 3, 1, 2});
        const at::NoGradGuard no_grad;
        expected_ = module.run_outputs(images);
        const Bf16Autocast autocast(true, /*cuda=*/false);
        rough_ = module.run_outputs(images);
    }

    /// What the engine makes of the pixels, as the torch executor returns it.
    std::map<std::string, at::Tensor> run(EngineOptions options, const std::vector<std::string>& disabled_passes = {}) {
        options.batch = kBatch;
        options.mean = kMean;
        options.std = kStd;
        Engine engine(std::make_shared<PackedNetwork>(apply_passes(network_, disabled_passes)), options);
        engine.run(pixels_.const_data_ptr<std::uint8_t>());
        std::map<std::string, at::Tensor> outputs;
        for (const auto& [name, expected] : expected_) {
            const EngineOutput output = engine.output(name);
            const ValueShape& shape = output.shape;
            const std::vector<std::int64_t> sizes{output.batch, shape.height, shape.width, shape.channels};
            // [N, H, W, C] -> [N, C, H, W]
            outputs[name] = at::from_blob(const_cast<float*>(output.data), sizes).permute({0, 3, 1, 2}).clone();
            EXPECT_EQ(outputs[name].sizes(), expected.sizes()) << name;
        }
        return outputs;
    }

    /// Largest distance of any output from the torch executor's, as a part of the output's largest number.
    double worst_error(const std::map<std::string, at::Tensor>& outputs) const {
        double worst = 0;
        for (const auto& [name, expected] : expected_) {
            const double distance = (outputs.at(name) - expected).abs().max().item<double>();
            worst = std::max(worst, distance / expected.abs().max().item<double>());
        }
        return worst;
    }

    /// Root mean square distance over all outputs, each as a part of its standard deviation.
    double mean_error(const std::map<std::string, at::Tensor>& outputs) const {
        double sum = 0;
        for (const auto& [name, expected] : expected_) {
            const at::Tensor distance = (outputs.at(name).to(at::kFloat) - expected) / expected.std();
            sum += distance.square().mean().item<double>();
        }
        return std::sqrt(sum / static_cast<double>(expected_.size()));
    }

    GraphWithValues network_;
    at::Tensor pixels_;
    std::map<std::string, at::Tensor> expected_, rough_; ///< of the torch executor in float32 and in bfloat16
};

TEST_P(EngineParity, OfFloat32IsOneTenThousandth) { EXPECT_LT(worst_error(run({})), 1e-4); }

TEST_P(EngineParity, HoldsWithoutFusion) {
    EngineOptions options;
    options.fuse = false;
    EXPECT_LT(worst_error(run(options)), 1e-4);
}

TEST_P(EngineParity, HoldsWithoutEachPass) {
    for (const GraphPass& pass : graph_passes()) EXPECT_LT(worst_error(run({}, {pass.name})), 1e-4) << pass.name;
}

TEST_P(EngineParity, OfBfloat16IsNoWorseThanTheTorchExecutors) {
    EngineOptions options;
    options.precision = NumberType::bf16;
    const double error = mean_error(run(options));
    EXPECT_GT(error, 1e-4); // it did compute in bfloat16
    EXPECT_LT(error, 1.5 * mean_error(rough_)) << "torch: " << mean_error(rough_);
}

INSTANTIATE_TEST_SUITE_P(Networks, EngineParity, ::testing::ValuesIn(test::networks()),
                         [](const auto& network) { return test::test_name(network.param); });

} // namespace
} // namespace banyan
