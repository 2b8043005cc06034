#include "backbone/backbone.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "graph/cost.h"

namespace banyan {
namespace {

constexpr int kSize = 224;

struct Built {
    GraphBuilder builder{kSize, kSize};
    BackboneOutputs outputs;
};

Built build(const BackboneOptions& options) {
    Built built;
    built.outputs = build_backbone(options, built.builder, built.builder.image());
    return built;
}

BackboneOptions of_type(BackboneType type) {
    BackboneOptions options;
    options.type = type;
    return options;
}

/// Numbers learned: running statistics do not count.
std::int64_t learned_count(const Graph& graph) {
    std::int64_t sum = 0;
    for (const auto& [name, parameter] : graph.parameters) {
        if (parameter.role == ParameterRole::running_mean || parameter.role == ParameterRole::running_var) continue;
        std::int64_t count = 1;
        for (const std::int64_t extent : parameter.shape) count *= extent;
        sum += count;
    }
    return sum;
}

struct Expected {
    BackboneType type;
    std::vector<std::int64_t> channels; ///< of levels 2, 3, 4, 5
    std::int64_t learned;               ///< with the classifier, as published with the networks
};

class EachBackbone : public ::testing::TestWithParam<Expected> {};

TEST_P(EachBackbone, GivesALevelForEachStrideFromFour) {
    const Built built = build(of_type(GetParam().type));
    ASSERT_EQ(built.outputs.levels.size(), 4U);
    for (int level = 2; level <= 5; ++level) {
        const std::int64_t extent = kSize >> level;
        const ValueShape expected{GetParam().channels[static_cast<std::size_t>(level - 2)], extent, extent};
        EXPECT_EQ(built.builder.shape(built.outputs.levels.at(level)), expected) << "level " << level;
    }
    EXPECT_NO_THROW(built.builder.build());
}

TEST_P(EachBackbone, HasThePublishedNumberOfParameters) {
    BackboneOptions options = of_type(GetParam().type);
    options.with_classifier = true;
    const Built built = build(options);
    EXPECT_EQ(learned_count(built.builder.build()), GetParam().learned);
    EXPECT_EQ(built.builder.shape(built.builder.graph().outputs.at("logits")), (ValueShape{1000, 1, 1}));
}

TEST_P(EachBackbone, CutBehindALevelHasOnlyTheNodesOfThatLevel) {
    const Graph whole = build(of_type(GetParam().type)).builder.build();
    std::size_t previous = 0;
    for (int last = 2; last <= 5; ++last) {
        BackboneOptions options = of_type(GetParam().type);
        options.last_level = last;
        const Built cut = build(options);
        const Graph graph = cut.builder.build();
        EXPECT_EQ(cut.outputs.levels.rbegin()->first, last);
        EXPECT_EQ(cut.outputs.levels.at(last), graph.nodes.back().output) << "nodes behind the last level";
        EXPECT_GT(graph.nodes.size(), previous);
        previous = graph.nodes.size();
        for (std::size_t n = 0; n < graph.nodes.size(); ++n) EXPECT_EQ(graph.nodes[n].name, whole.nodes[n].name);
    }
}

TEST_P(EachBackbone, NamesEverythingUnderItsPrefix) {
    BackboneOptions options = of_type(GetParam().type);
    options.name = "teacher.body";
    const Graph graph = build(options).builder.build();
    for (const Node& node : graph.nodes) EXPECT_TRUE(node.name.starts_with("teacher.body.")) << node.name;
    for (const auto& [name, parameter] : graph.parameters) EXPECT_TRUE(name.starts_with("teacher.body.")) << name;
}

TEST_P(EachBackbone, RunsOnOddSizes) {
    GraphBuilder builder(97, 131);
    const BackboneOutputs outputs = build_backbone(of_type(GetParam().type), builder, builder.image());
    EXPECT_EQ(builder.shape(outputs.levels.at(2)).height, 25); // ceil(97 / 4)
    EXPECT_EQ(builder.shape(outputs.levels.at(5)).width, 5);   // ceil(131 / 32)
}

INSTANTIATE_TEST_SUITE_P(All, EachBackbone,
                         ::testing::Values(Expected{BackboneType::mobilenet_v2, {24, 32, 96, 320}, 3504872},
                                           Expected{BackboneType::efficientnet_lite0, {24, 40, 112, 320}, 4652008},
                                           Expected{BackboneType::resnet18, {64, 128, 256, 512}, 11689512},
                                           Expected{BackboneType::resnet34, {64, 128, 256, 512}, 21797672},
                                           Expected{BackboneType::resnet50, {256, 512, 1024, 2048}, 25557032}),
                         [](const auto& test) { return std::string(backbone_name(test.param.type)); });

TEST(MobileNetV2, MultipliesAccumulateAsPublished) {
    BackboneOptions options;
    options.with_classifier = true;
    // "300M" multiply-adds in arXiv:1801.04381, table 4.
    EXPECT_EQ(total_cost(build(options).builder.build()).macs, 300774272);
}

TEST(MobileNetV2, WidthScalesChannelsInMultiplesOfEight) {
    BackboneOptions options;
    options.width = 0.35;
    const Built built = build(options);
    // 24 * 0.35 = 8.4 -> 8; 32 * 0.35 = 11.2 -> 8 would lose more than 10 % -> 16; 96 -> 33.6 -> 32; 320 -> 112.
    EXPECT_EQ(built.builder.shape(built.outputs.levels.at(2)).channels, 8);
    EXPECT_EQ(built.builder.shape(built.outputs.levels.at(3)).channels, 16);
    EXPECT_EQ(built.builder.shape(built.outputs.levels.at(4)).channels, 32);
    EXPECT_EQ(built.builder.shape(built.outputs.levels.at(5)).channels, 112);
}

TEST(MobileNetV2, WideTopNeverShrinksBelow1280) {
    BackboneOptions options;
    options.wide_top = true;
    options.width = 0.5;
    Built built = build(options);
    EXPECT_EQ(built.builder.shape(built.outputs.levels.at(5)).channels, 1280);
    options.width = 1.4;
    built = build(options);
    EXPECT_EQ(built.builder.shape(built.outputs.levels.at(5)).channels, 1792);
}

TEST(EfficientNetLite0, WideTopIsTheLastConvolution) {
    BackboneOptions options = of_type(BackboneType::efficientnet_lite0);
    options.wide_top = true;
    const Built built = build(options);
    EXPECT_EQ(built.builder.shape(built.outputs.levels.at(5)), (ValueShape{1280, 7, 7}));
}

TEST(EfficientNetLite0, PadsAsTensorFlowAndUsesItsEps) {
    for (const Node& node : build(of_type(BackboneType::efficientnet_lite0)).builder.build().nodes) {
        if (const auto* conv = std::get_if<ConvAttributes>(&node.attributes)) {
            EXPECT_EQ(conv->padding, Padding::same_tf) << node.name;
        }
        if (const auto* norm = std::get_if<BatchNormAttributes>(&node.attributes)) {
            EXPECT_EQ(norm->eps, 1e-3) << node.name;
        }
    }
}

TEST(ResNet, BottleneckHasItsStrideInTheMiddleConvolution) {
    const Graph graph = build(of_type(BackboneType::resnet50)).builder.build();
    const auto stride_of = [&](const std::string& name) {
        const Node* node = graph.producer(graph.find_value("trunk.backbone." + name).value());
        return std::get<ConvAttributes>(node->attributes).stride;
    };
    EXPECT_EQ(stride_of("layer2.0.conv1"), 1);
    EXPECT_EQ(stride_of("layer2.0.conv2"), 2);
    EXPECT_EQ(stride_of("layer2.0.downsample.0"), 2);
}

TEST(BuildBackbone, RefusesOptionsOutOfRange) {
    const auto refused = [](auto change) {
        BackboneOptions options;
        change(options);
        EXPECT_THROW(build(options), CheckError);
    };
    refused([](BackboneOptions& o) { o.last_level = 1; });
    refused([](BackboneOptions& o) { o.last_level = 6; });
    refused([](BackboneOptions& o) { o.width = 0; });
    refused([](BackboneOptions& o) { o.width = 5; });
    refused([](BackboneOptions& o) { o.name.clear(); });
    refused([](BackboneOptions& o) {
        o.type = BackboneType::resnet18;
        o.width = 0.5;
    });
    refused([](BackboneOptions& o) {
        o.type = BackboneType::resnet18;
        o.wide_top = true;
    });
    refused([](BackboneOptions& o) {
        o.last_level = 4;
        o.wide_top = true;
    });
    refused([](BackboneOptions& o) {
        o.last_level = 4;
        o.with_classifier = true;
    });
}

TEST(DefaultPreprocessing, MatchesEachNetworksTraining) {
    EXPECT_EQ(default_preprocessing(BackboneType::mobilenet_v2), Preprocessing{});
    EXPECT_EQ(default_preprocessing(BackboneType::efficientnet_lite0).std[0], 128);
    EXPECT_NEAR(default_preprocessing(BackboneType::resnet50).mean[0] / 255, 0.485, 1e-9);
}

} // namespace
} // namespace banyan
