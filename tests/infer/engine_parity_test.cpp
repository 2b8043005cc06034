// The engine computes what the torch executor computes, for every kind of network that configs can name.

#include <array>
#include <cctype>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "backbone/backbone.h"
#include "core/config_reader.h"
#include "core/random.h"
#include "engine/engine.h"
#include "graph/pass_list.h"
#include "model/autocast.h"
#include "model/graph_module.h"
#include "model/multi_task_model.h"
#include "network/build_graph.h"
#include "network/model_config.h"
#include "tests/graph/small_graphs.h"

namespace banyan {
namespace {

constexpr std::int64_t kSide = 96; // odd cell counts at the higher levels
constexpr std::int64_t kBatch = 2;
constexpr std::array<double, 3> kMean{123.675, 116.28, 103.53}, kStd{58.395, 57.12, 57.375};

struct Network {
    std::string name;
    std::function<Graph()> build;
};

void PrintTo(const Network& network, std::ostream* out) { *out << network.name; }

Network classifier(BackboneType type) {
    return {backbone_name(type), [type] {
                BackboneOptions options;
                options.type = type;
                options.with_classifier = true;
                options.wide_top = type == BackboneType::mobilenet_v2 || type == BackboneType::efficientnet_lite0;
                GraphBuilder builder(kSide, kSide);
                build_backbone(options, builder, builder.image());
                return builder.build();
            }};
}

/// @param model the "model" section without "input_side" and "branches" @param head of both branches
Network detector(const std::string& name, const std::string& model, const std::string& head) {
    return {name, [=] {
                const std::string text =
                    R"({"tasks": [{"name": "face", "classes": ["bare", "masked"]}, {"name": "hand"},
                  {"name": "head"}], "model": {"input_side": 96, )" +
                    model + R"(, "branches": [
                  {"name": "parts", "tasks": ["face", "hand"], "anchors": {"kind": "points",
                   "levels": [3, 4, 5]}, "head": )" +
                    head + R"(}, {"name": "head", "anchors": {"kind": "points", "levels": [4, 5]}, "head": )" + head +
                    "}]}}";
                ConfigReader reader = ConfigReader::from_text(text, name);
                Graph graph = build_graph(parse_model(reader));
                reader.finish();
                return graph;
            }};
}

std::vector<Network> networks() {
    std::vector<Network> all;
    for (const BackboneType type : {BackboneType::mobilenet_v2, BackboneType::efficientnet_lite0,
                                    BackboneType::resnet18, BackboneType::resnet34, BackboneType::resnet50}) {
        all.push_back(classifier(type));
    }
    const std::string slim = R"("backbone": {"type": "mobilenet_v2", "width": 0.35}, )";
    const std::string fpn = R"("neck": {"channels": 24, "first_level": 3, "last_level": 5})";
    all.push_back(detector("separable heads", slim + fpn, R"({"depth": 2, "width": 24})"));
    all.push_back(detector("full heads on ResNet", R"("backbone": {"type": "resnet18"}, )" + fpn,
                           R"({"tower": "conv", "width": 16, "box_bins": 16})"));
    all.push_back(detector("PAN, split towers", R"("backbone": {"type": "efficientnet_lite0"}, "neck": {"type": "pan",
                           "channels": 16, "first_level": 3, "last_level": 5})",
                           R"({"width": 16, "split_towers": true, "activation": "hard_swish"})"));
    all.push_back(detector("depthwise neck, SiLU",
                           slim + R"("neck": {"channels": 16, "depthwise": true, "first_level": 3,
                           "last_level": 5, "activation": "silu"})",
                           R"({"width": 16, "activation": "silu", "boxes": "per_task"})"));
    all.push_back(detector("group norms", slim + fpn + R"(, "norm": "group", "norm_groups": 8)", R"({"width": 24})"));
    all.push_back({"every operator", [] { return test::every_operator().build(); }});
    return all;
}

/// Values near those of a trained network: weights keep the size of their inputs, norms shift and scale a little.
GraphWithValues with_values(Graph graph) {
    HostTensors tensors = GraphModule(graph).to_host();
    std::uint64_t stream = 0;
    for (auto& [name, tensor] : tensors) {
        Random random(11, ++stream);
        const ParameterRole role = graph.parameters.at(name).role;
        for (float& value : tensor.data) {
            if (role == ParameterRole::running_var || role == ParameterRole::norm_weight) {
                value = static_cast<float>(random.uniform(0.6, 1.4));
            } else if (role != ParameterRole::conv_weight && role != ParameterRole::linear_weight) {
                value += static_cast<float>(random.uniform(-0.2, 0.2));
            }
        }
    }
    return {std::move(graph), std::move(tensors)};
}

at::Tensor random_pixels(std::int64_t height, std::int64_t width) {
    at::Tensor pixels = at::empty({kBatch, height, width, 3}, at::kByte);
    Random random(5);
    auto* bytes = pixels.mutable_data_ptr<std::uint8_t>();
    for (std::int64_t i = 0; i < pixels.numel(); ++i) bytes[i] = static_cast<std::uint8_t>(random.integer(0, 255));
    return pixels;
}

class EngineParity : public ::testing::TestWithParam<Network> {
protected:
    EngineParity() : network_(with_values(GetParam().build())) {
        const ValueShape& image = network_.graph.value(network_.graph.input).shape;
        pixels_ = random_pixels(image.height, image.width);
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

INSTANTIATE_TEST_SUITE_P(Networks, EngineParity, ::testing::ValuesIn(networks()), [](const auto& test) {
    std::string name;
    for (const char c : test.param.name) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    return name;
});

} // namespace
} // namespace banyan
