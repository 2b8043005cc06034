// ONNX Runtime computes from an exported network what the engine computes from the network itself, and so does the
// engine from the exported file.

#include <array>
#include <cctype>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "backbone/backbone.h"
#include "backbone/neck.h"
#include "core/random.h"
#include "engine/engine.h"
#include "graph/onnx_export.h"
#include "graph/onnx_import.h"
#include "graph/pass_list.h"
#include "heads/head.h"
#include "quant/quantize_network.h"
#include "tests/backbone/classifier_graph.h"
#include "tests/engine/onnx_runtime.h"
#include "tests/graph/small_graphs.h"

namespace banyan {
namespace {

constexpr std::int64_t kSide = 96; // odd cell counts at the higher levels
constexpr std::array<double, 3> kMean{123.675, 116.28, 103.53}, kStd{58.395, 57.12, 57.375};

enum class Rounding { none, few_layers, many_layers }; ///< to 8 bits

struct Network {
    std::string name;
    std::function<Graph()> build;
    EngineOptions options{};
    std::vector<std::string> disabled_passes{};
    Rounding rounding = Rounding::none;
};

void PrintTo(const Network& network, std::ostream* out) { *out << network.name; }

Network classifier(BackboneType type) {
    return {backbone_name(type), [type] { return test::classifier_graph(type, kSide); }};
}

Graph detector(const NeckOptions& neck_options, const HeadOptions& head) {
    BackboneOptions backbone_options;
    backbone_options.width = 0.35;
    GraphBuilder builder(kSide, kSide);
    const BackboneOutputs backbone = build_backbone(backbone_options, builder, builder.image());
    const NeckOutputs neck = build_neck(builder, backbone.levels, neck_options);
    build_head(builder, neck.levels, {"parts", {{"parts.face", 2}, {"parts.hand", 1}}, 2, 0.0}, head);
    return builder.build();
}

Network fpn_detector() {
    return {"FPN, separable heads", [] { return detector({.channels = 24}, {.width = 24}); }};
}

Network pan_detector() {
    return {
        "PAN, group norms, HardSwish", [] {
            const NormOptions norm{NormKind::group, 8};
            const NeckOptions neck{
                .type = NeckType::pan, .channels = 16, .depthwise = true, .activation = Activation::silu, .norm = norm};
            return detector(neck, {.tower = TowerKind::conv,
                                   .width = 16,
                                   .split_towers = true,
                                   .activation = Activation::hard_swish,
                                   .norm = norm});
        }};
}

std::vector<Network> networks() {
    std::vector<Network> all;
    for (const BackboneType type : {BackboneType::mobilenet_v2, BackboneType::efficientnet_lite0,
                                    BackboneType::resnet18, BackboneType::resnet34, BackboneType::resnet50}) {
        all.push_back(classifier(type));
    }
    all.push_back(fpn_detector());
    all.push_back(pan_detector());
    const auto every_operator = [] { return test::every_operator().build(); };
    all.push_back({"every operator", every_operator});
    all.push_back({"every operator with its batch norms", every_operator, {}, {"fold_batch_norm"}});
    EngineOptions other_size;
    other_size.batch = 3;
    other_size.height = 80;
    other_size.width = 112;
    all.push_back({"three pictures of another size", fpn_detector().build, other_size});
    all.push_back({"every operator in bytes", every_operator, {}, {}, Rounding::few_layers});
    for (Network network :
         {classifier(BackboneType::mobilenet_v2), classifier(BackboneType::resnet18), fpn_detector(), pan_detector()}) {
        network.name += " in bytes";
        network.rounding = Rounding::many_layers;
        all.push_back(std::move(network));
    }
    all.push_back({"upsampling by 16 / 14", [] {
                       GraphBuilder builder(16, 16); // where a rounded scale would take a neighbour
                       const ValueId small = builder.max_pool(builder.image(), "pool", 3, 1, 0);
                       builder.output("y", builder.upsample_like(small, builder.image(), "up"));
                       return builder.build();
                   }});
    return all;
}

/// Values near those of a trained network: weights keep the size of their inputs, norms shift and scale a little.
GraphWithValues with_values(Graph graph) {
    GraphWithValues network = test::with_random_values(std::move(graph), 11);
    for (auto& [name, tensor] : network.tensors) {
        const auto outputs = static_cast<float>(tensor.shape.front());
        const float spread = std::sqrt(6.0F * outputs / static_cast<float>(tensor.count())); // variance 2 / inputs
        for (float& value : tensor.data) {
            switch (network.graph.parameters.at(name).role) {
            case ParameterRole::conv_weight:
            case ParameterRole::linear_weight: value *= spread; break;
            case ParameterRole::norm_weight: value = 1 + 0.4F * value; break;
            case ParameterRole::running_var: break;
            default: value *= 0.2F; break;
            }
        }
    }
    return network;
}

struct Distance {
    double largest = 0; ///< number of `from`
    double most = 0, mean = 0;
};

/// A number that is not finite makes the mean so.
Distance distance(const std::vector<float>& from, const std::vector<float>& to) {
    Distance found;
    for (std::size_t i = 0; i < from.size(); ++i) {
        const double apart = std::abs(double{to[i]} - double{from[i]});
        found.largest = std::max(found.largest, std::abs(double{from[i]}));
        found.most = std::max(found.most, apart);
        found.mean += apart / static_cast<double>(from.size());
    }
    return found;
}

class ExportedNetwork : public ::testing::TestWithParam<Network> {
protected:
    void SetUp() override {
        options_ = GetParam().options;
        options_.mean = kMean;
        options_.std = kStd;
        network_ = apply_passes(with_values(GetParam().build()), GetParam().disabled_passes);
        image_ = network_.graph.value(network_.graph.input).shape;
        if (options_.height != 0) image_.height = options_.height;
        if (options_.width != 0) image_.width = options_.width;
        pixels_ = test::random_pixels(options_.batch * image_.height * image_.width * kImageChannels, 5);
        if (GetParam().rounding != Rounding::none) {
            exact_ = outputs_of(network_);
            const CalibrationPictures pictures{1, [&](std::size_t) { return pixels_; }};
            network_ = quantize_network(network_, options_, pictures);
        }
    }

    std::string exported() const {
        OnnxExportOptions options;
        options.batch = options_.batch;
        options.height = options_.height;
        options.width = options_.width;
        options.mean = kMean;
        options.std = kStd;
        options.metadata = {{"banyan.preprocessing", "none"}};
        return to_onnx(network_, options);
    }

    /// float32 [N, C, H, W] by name
    using Outputs = std::map<std::string, std::vector<float>>;

    Outputs outputs_of(const GraphWithValues& network) const {
        Engine engine(std::make_shared<PackedNetwork>(network), options_);
        engine.run(pixels_.data());
        Outputs outputs;
        for (const auto& [name, value] : network.graph.outputs) {
            const EngineOutput output = engine.output(name);
            outputs[name] = test::channels_first(output.data, output.batch, output.shape);
        }
        return outputs;
    }

    /// Float arithmetic in another order. In bytes it may take a number to the next step, which moves more numbers to
    /// theirs: behind a few layers two programs are as far apart as each is from the exact network. But not before.
    void expect_near(const std::vector<float>& expected, const std::vector<float>& exported,
                     const std::string& name) const {
        const Distance found = distance(expected, exported);
        EXPECT_GT(found.largest, 0) << name;
        EXPECT_TRUE(std::isfinite(found.mean)) << name;
        switch (GetParam().rounding) {
        case Rounding::none: EXPECT_LE(found.most, 1e-4 * found.largest) << name; break;
        case Rounding::few_layers:
            EXPECT_LE(found.most, 0.02 * found.largest) << name; // some five steps of 256
            EXPECT_LE(found.mean, 0.001 * found.largest) << name;
            break;
        case Rounding::many_layers:
            EXPECT_LE(found.mean, 1.5 * distance(exact_.at(name), expected).mean) << name;
            break;
        }
    }

    EngineOptions options_;
    GraphWithValues network_;
    ValueShape image_;
    std::vector<std::uint8_t> pixels_;
    Outputs exact_; ///< of the network before it was quantised
};

class OnnxRuntime : public ExportedNetwork {};

TEST_P(OnnxRuntime, ComputesWhatTheEngineComputes) {
    if (!test::has_onnx_runtime()) GTEST_SKIP() << test::kOnnxRuntimeIsMissing;
    const std::vector<float> exported =
        test::run_onnx(this->exported(), test::channels_first(pixels_.data(), options_.batch, image_));
    std::size_t begin = 0;
    for (const auto& [name, expected] : outputs_of(network_)) {
        ASSERT_LE(begin + expected.size(), exported.size()) << name;
        expect_near(expected,
                    {exported.begin() + static_cast<std::ptrdiff_t>(begin),
                     exported.begin() + static_cast<std::ptrdiff_t>(begin + expected.size())},
                    name);
        begin += expected.size();
    }
    EXPECT_EQ(begin, exported.size());
}

TEST_P(ExportedNetwork, IsTheSameWhenImportedAgain) {
    options_.batch = 1;
    const ImportedNetwork imported = import_onnx(exported(), {});
    EngineOptions again = options_;
    again.height = again.width = 0;
    again.mean = imported.mean;
    again.std = imported.std;
    Engine engine(std::make_shared<PackedNetwork>(network_), options_);
    Engine second(std::make_shared<PackedNetwork>(apply_passes(imported.network)), again);
    engine.run(pixels_.data());
    second.run(pixels_.data());
    EXPECT_EQ(imported.network.graph.outputs.size(), network_.graph.outputs.size());
    for (const auto& [name, value] : network_.graph.outputs) {
        const EngineOutput expected = engine.output(name), found = second.output(name);
        ASSERT_EQ(expected.shape, found.shape) << name;
        EXPECT_EQ(imported.outputs.at(name).order, "C H W");
        const auto count = static_cast<std::size_t>(expected.of_image(1) - expected.data);
        test::expect_near({found.data, count}, {expected.data, count}, 1e-5F, name);
    }
}

std::string test_name(const ::testing::TestParamInfo<Network>& test) {
    std::string name;
    for (const char c : test.param.name) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    return name;
}

INSTANTIATE_TEST_SUITE_P(Networks, OnnxRuntime, ::testing::ValuesIn(networks()), test_name);
INSTANTIATE_TEST_SUITE_P(Networks, ExportedNetwork, ::testing::ValuesIn(networks()), test_name);

} // namespace
} // namespace banyan
