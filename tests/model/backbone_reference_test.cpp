// Backbones run by the graph module against values computed by other programs.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "backbone/backbone.h"
#include "backbone/pretrained.h"
#include "graph/builder.h"
#include "model/graph_module.h"
#include "model/libtorch.h"
#include "model/weights_file.h"
#include "support/shared_data.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

using nlohmann::json;

json read_json(const std::string& path) { return json::parse(std::ifstream(path)); }

std::uint32_t fnv1a(std::string_view text) {
    std::uint64_t value = 0xCBF29CE484222325ULL;
    for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return static_cast<std::uint32_t>(value);
}

/// Numbers in [0, 1) from (name, index), as in scripts/golden/backbones.py.
at::Tensor formula(const std::string& name, const std::vector<std::int64_t>& shape) {
    at::Tensor values = at::empty(shape, at::kDouble);
    const std::uint32_t hash = fnv1a(name);
    double* out = values.mutable_data_ptr<double>();
    for (std::int64_t i = 0; i < values.numel(); ++i) {
        std::uint32_t x = static_cast<std::uint32_t>(i + 1) * 2654435761U + hash;
        x ^= x >> 15;
        x *= 2246822519U;
        x ^= x >> 13;
        out[i] = x / 4294967296.0;
    }
    return values;
}

at::Tensor formula_parameter(const std::string& name, const Parameter& parameter) {
    const at::Tensor u = formula(name, parameter.shape);
    switch (parameter.role) {
    case ParameterRole::conv_weight:
    case ParameterRole::linear_weight: return (2 * u - 1) * std::sqrt(6.0 / static_cast<double>(u.numel() / u.size(0)));
    case ParameterRole::bias: return 0.2 * u - 0.1;
    case ParameterRole::norm_weight:
    case ParameterRole::running_var: return 0.5 + u;
    default: return 0.4 * u - 0.2;
    }
}

/// x[c][row][column] = ((7 c + 3 row + 5 column) mod 256) / 127.5 - 1
at::Tensor formula_image(std::int64_t height, std::int64_t width) {
    const at::Tensor c = torch::arange(3).view({3, 1, 1}), row = torch::arange(height).view({1, height, 1});
    const at::Tensor column = torch::arange(width).view({1, 1, width});
    return ((7 * c + 3 * row + 5 * column).remainder(256).to(at::kDouble) / 127.5 - 1).unsqueeze(0);
}

struct Network {
    GraphModule module;
    BackboneOutputs outputs;
};

Network make_network(const BackboneOptions& options, std::int64_t height, std::int64_t width, at::ScalarType dtype) {
    GraphBuilder builder(height, width);
    BackboneOutputs outputs = build_backbone(options, builder, builder.image());
    GraphModuleOptions module_options;
    module_options.dtype = dtype;
    return {GraphModule(builder.build(), module_options), std::move(outputs)};
}

BackboneOptions classifier(BackboneType type) {
    BackboneOptions options;
    options.type = type;
    options.with_classifier = true;
    return options;
}

void expect_summary(at::Tensor value, const json& expected, double tolerance, const std::string& what) {
    SCOPED_TRACE(what);
    const auto shape = expected.at("shape").get<std::vector<std::int64_t>>();
    value = value.detach().to(at::kDouble).reshape(shape);
    const double std = expected.at("std").get<double>();
    EXPECT_NEAR(value.mean().item<double>(), expected.at("mean").get<double>(), tolerance * std);
    EXPECT_NEAR(value.std(false).item<double>(), std, tolerance * std);
    const auto first = expected.at("first").get<std::vector<double>>();
    const at::Tensor found = value.contiguous().flatten().slice(0, 0, static_cast<std::int64_t>(first.size()));
    expect_close(found, torch::tensor(first, at::kDouble), {tolerance, tolerance * std});
}

/// The networks are so small here that a second thread only costs time.
class SingleThread {
public:
    SingleThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
    ~SingleThread() { at::set_num_threads(before_); }

private:
    int before_;
};

class BackboneGolden : public testing::TestWithParam<BackboneType> {
    SingleThread single_thread_;
};

TEST_P(BackboneGolden, LevelsLogitsAndGradientEqualThePlainImplementation) {
    constexpr double kTolerance = 1e-9;
    const std::string name = backbone_name(GetParam());
    const json golden = read_json(std::string(BANYAN_SOURCE_DIR) + "/tests/golden/backbones.json").at(name);
    const std::int64_t height = golden.at("input")[0], width = golden.at("input")[1];
    const BackboneOptions options = classifier(GetParam());
    Network network = make_network(options, height, width, at::kDouble);
    const PretrainedMap names(options);
    std::string gradient_of;
    for (const auto& [parameter, description] : network.module.graph().parameters) {
        const std::string file_name = names.file_name_of(parameter);
        network.module.assign(parameter, formula_parameter(file_name, description));
        if (file_name == golden.at("gradient_of")) gradient_of = parameter;
    }

    RunRequest request;
    request.given[network.module.graph().input] = formula_image(height, width);
    for (const auto& [level, id] : network.outputs.levels) request.targets.push_back(id);
    const ValueId logits = network.module.graph().outputs.at("logits");
    request.targets.push_back(logits);
    const auto values = network.module.run(request);
    for (const auto& [level, id] : network.outputs.levels) {
        expect_summary(values.at(id), golden.at("levels").at(std::to_string(level)), kTolerance,
                       "level " + std::to_string(level));
    }
    expect_summary(values.at(logits), golden.at("logits"), kTolerance, "logits");
    (values.at(logits).flatten() * (formula("loss", {1000}) - 0.5)).sum().backward();
    expect_summary(network.module.tensor(gradient_of).grad(), golden.at("gradient"), kTolerance, "gradient");
}

INSTANTIATE_TEST_SUITE_P(All, BackboneGolden,
                         testing::Values(BackboneType::resnet18, BackboneType::resnet34, BackboneType::resnet50,
                                         BackboneType::efficientnet_lite0),
                         [](const auto& network) { return backbone_name(network.param); });

TEST(BackboneReference, EfficientNetLite0WithImageNetWeightsEqualsThePlainImplementation) {
    const std::string weights = shared_path("weights/efficientnet_lite0_imagenet.safetensors");
    if (!has_shared_data("weights/efficientnet_lite0_imagenet.safetensors")) GTEST_SKIP() << "needs " << weights;
    const json golden =
        read_json(std::string(BANYAN_SOURCE_DIR) + "/tests/golden/backbones.json").at("efficientnet_lite0_imagenet");
    const std::int64_t height = golden.at("input")[0], width = golden.at("input")[1];
    const BackboneOptions options = classifier(BackboneType::efficientnet_lite0);
    Network network = make_network(options, height, width, at::kFloat);
    const ImportReport report = import_pretrained(network.module, weights, options);
    EXPECT_EQ(report.loaded.size(), network.module.graph().parameters.size());
    const SingleThread single_thread;
    const at::NoGradGuard no_gradient;
    const auto outputs = network.module.run_outputs(formula_image(height, width).to(at::kFloat));
    expect_summary(outputs.at("logits"), golden.at("logits"), 1e-4, "logits"); // float32 against float64
}

TEST(BackboneReference, MobileNetV2WithImageNetWeightsGivesTheStoredLogits) {
    constexpr double kTolerance = 2e-4; // two float32 programs, 53 layers
    const std::string weights = shared_path("weights/mobilenet_v2_imagenet.safetensors");
    if (!has_shared_data("weights/mobilenet_v2_imagenet.safetensors")) GTEST_SKIP() << "needs " << weights;
    const json reference = read_json(shared_path("weights/reference_outputs.json")).at("mobilenet_v2_imagenet");
    const BackboneOptions options = classifier(BackboneType::mobilenet_v2);
    Network network = make_network(options, 224, 224, at::kFloat);
    const ImportReport report = import_pretrained(network.module, weights, options);
    EXPECT_EQ(report.loaded.size(), network.module.graph().parameters.size());

    RunRequest request;
    request.given[network.module.graph().input] = formula_image(224, 224).to(at::kFloat);
    const std::vector<std::pair<std::string, ValueId>> wanted{{"features.3", network.outputs.levels.at(2)},
                                                              {"features.6", network.outputs.levels.at(3)},
                                                              {"features.13", network.outputs.levels.at(4)},
                                                              {"features.17", network.outputs.levels.at(5)},
                                                              {"logits", network.module.graph().outputs.at("logits")}};
    for (const auto& [name, id] : wanted) request.targets.push_back(id);
    const SingleThread single_thread;
    const at::NoGradGuard no_gradient;
    const auto values = network.module.run(request);
    for (const auto& [name, id] : wanted) expect_summary(values.at(id), reference.at(name), kTolerance, name);
    const auto [best, classes] = values.at(wanted.back().second).flatten().topk(5);
    const auto expected = reference.at("top5").get<std::vector<std::int64_t>>();
    EXPECT_TRUE(at::equal(classes, torch::tensor(expected)));
}

} // namespace
} // namespace banyan
