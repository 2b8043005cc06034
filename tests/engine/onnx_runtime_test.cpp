// ONNX Runtime computes from an exported network what the engine computes from the network itself.

#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>

#include <gtest/gtest.h>

#include "backbone/backbone.h"
#include "backbone/neck.h"
#include "core/atomic_file.h"
#include "core/random.h"
#include "engine/engine.h"
#include "graph/onnx_export.h"
#include "graph/pass_list.h"
#include "heads/head.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/temp_dir.h"

namespace banyan {
namespace {

constexpr std::int64_t kSide = 96; // odd cell counts at the higher levels
constexpr std::array<double, 3> kMean{123.675, 116.28, 103.53}, kStd{58.395, 57.12, 57.375};

struct Network {
    std::string name;
    std::function<Graph()> build;
    EngineOptions options{};
    std::vector<std::string> disabled_passes{};
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

/// uint8 [N, H, W, 3]
std::vector<std::uint8_t> random_pixels(std::int64_t count) {
    Random random(5);
    std::vector<std::uint8_t> pixels;
    for (std::int64_t i = 0; i < count; ++i) pixels.push_back(static_cast<std::uint8_t>(random.integer(0, 255)));
    return pixels;
}

/// [N, H, W, C] -> float32 [N, C, H, W]
template <typename Number>
std::vector<float> channels_first(const Number* data, std::int64_t batch, const ValueShape& shape) {
    std::vector<float> result;
    const std::int64_t pixels = shape.height * shape.width;
    for (std::int64_t n = 0; n < batch; ++n) {
        for (std::int64_t c = 0; c < shape.channels; ++c) {
            for (std::int64_t p = 0; p < pixels; ++p) {
                result.push_back(static_cast<float>(data[(n * pixels + p) * shape.channels + c]));
            }
        }
    }
    return result;
}

const std::string kInterpreter = BANYAN_SOURCE_DIR "/.deps/test-venv/bin/python3";

class OnnxRuntime : public ::testing::TestWithParam<Network> {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(kInterpreter)) {
            GTEST_SKIP() << "the Python packages that run ONNX files are not there; scripts/test.sh installs them";
        }
        options_ = GetParam().options;
        options_.mean = kMean;
        options_.std = kStd;
        network_ = apply_passes(with_values(GetParam().build()), GetParam().disabled_passes);
        image_ = network_.graph.value(network_.graph.input).shape;
        if (options_.height != 0) image_.height = options_.height;
        if (options_.width != 0) image_.width = options_.width;
        pixels_ = random_pixels(options_.batch * image_.height * image_.width * kImageChannels);
    }

    /// What ONNX Runtime makes of the pixels: all outputs one after the other.
    std::vector<float> run_exported() const {
        OnnxExportOptions options;
        options.batch = options_.batch;
        options.height = options_.height;
        options.width = options_.width;
        options.mean = kMean;
        options.std = kStd;
        options.metadata = {{"banyan.preprocessing", "none"}};
        const test::TempDir folder;
        const std::vector<float> input = channels_first(pixels_.data(), options_.batch, image_);
        const std::string model = folder.write("model.onnx", to_onnx(network_, options));
        const std::string numbers =
            folder.write("input.bin", {reinterpret_cast<const char*>(input.data()), input.size() * sizeof(float)});
        const std::string results = folder.file("output.bin");
        const std::string command = "'" + kInterpreter + "' '" BANYAN_SOURCE_DIR "/tests/engine/run_onnx.py' '" +
                                    model + "' '" + numbers + "' '" + results + "'";
        if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
        const std::string bytes = read_file(results);
        std::vector<float> outputs(bytes.size() / sizeof(float));
        std::memcpy(outputs.data(), bytes.data(), bytes.size());
        return outputs;
    }

    EngineOptions options_;
    GraphWithValues network_;
    ValueShape image_;
    std::vector<std::uint8_t> pixels_;
};

TEST_P(OnnxRuntime, ComputesWhatTheEngineComputes) {
    Engine engine(std::make_shared<PackedNetwork>(network_), options_);
    engine.run(pixels_.data());
    const std::vector<float> exported = run_exported();
    std::size_t begin = 0;
    for (const auto& [name, value] : network_.graph.outputs) {
        const EngineOutput output = engine.output(name);
        const std::vector<float> expected = channels_first(output.data, output.batch, output.shape);
        ASSERT_LE(begin + expected.size(), exported.size()) << name;
        float largest = 0, distance = 0;
        for (std::size_t i = 0; i < expected.size(); ++i) {
            ASSERT_TRUE(std::isfinite(exported[begin + i]) && std::isfinite(expected[i])) << name;
            largest = std::max(largest, std::abs(expected[i]));
            distance = std::max(distance, std::abs(exported[begin + i] - expected[i]));
        }
        EXPECT_GT(largest, 0) << name;
        EXPECT_LE(distance, 1e-4F * largest) << name;
        begin += expected.size();
    }
    EXPECT_EQ(begin, exported.size());
}

INSTANTIATE_TEST_SUITE_P(Networks, OnnxRuntime, ::testing::ValuesIn(networks()), [](const auto& test) {
    std::string name;
    for (const char c : test.param.name) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    return name;
});

} // namespace
} // namespace banyan
