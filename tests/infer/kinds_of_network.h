#pragma once

#include <array>
#include <cctype>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "backbone/backbone.h"
#include "core/config_reader.h"
#include "core/random.h"
#include "graph/fold_batch_norm.h"
#include "model/graph_module.h"
#include "model/libtorch.h"
#include "network/build_graph.h"
#include "network/model_config.h"
#include "tests/backbone/classifier_graph.h"
#include "tests/graph/small_graphs.h"

// Every kind of network that configs can name, for tests that compare what runs them.

namespace banyan::test {

inline constexpr std::int64_t kSide = 96; // odd cell counts at the higher levels
inline constexpr std::int64_t kBatch = 2;
inline constexpr std::array<double, 3> kMean{123.675, 116.28, 103.53}, kStd{58.395, 57.12, 57.375};

struct Network {
    std::string name;
    std::function<Graph()> build;
};

inline void PrintTo(const Network& network, std::ostream* out) { *out << network.name; }

inline Network classifier(BackboneType type) {
    return {backbone_name(type), [type] { return classifier_graph(type, kSide); }};
}

/// @param model the "model" section without "input_side" and "branches" @param head of both branches
inline Network detector(const std::string& name, const std::string& model, const std::string& head) {
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

inline std::vector<Network> networks() {
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
    all.push_back({"every operator", [] { return every_operator().build(); }});
    return all;
}

/// Values near those of a trained network: weights keep the size of their inputs, norms shift and scale a little.
inline GraphWithValues with_values(Graph graph) {
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

inline at::Tensor random_pixels(std::int64_t height, std::int64_t width) {
    at::Tensor pixels = at::empty({kBatch, height, width, 3}, at::kByte);
    Random random(5);
    auto* bytes = pixels.mutable_data_ptr<std::uint8_t>();
    for (std::int64_t i = 0; i < pixels.numel(); ++i) bytes[i] = static_cast<std::uint8_t>(random.integer(0, 255));
    return pixels;
}

/// The name without what a test's name may not hold.
inline std::string test_name(const Network& network) {
    std::string name;
    for (const char c : network.name) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    return name;
}

} // namespace banyan::test
