#include "graph/builder.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

TEST(GraphBuilder, MakesAVerifiedGraphOfEveryOperator) {
    const Graph graph = test::every_operator().build();
    EXPECT_EQ(graph.outputs.size(), 4U);
    EXPECT_EQ(graph.value(graph.outputs.at("face.cls.p3")).shape, (ValueShape{2, 8, 12}));
    EXPECT_EQ(graph.value(graph.outputs.at("face.cls.p4")).shape, (ValueShape{2, 4, 6}));
    EXPECT_EQ(graph.value(graph.outputs.at("pose.logits")).shape, (ValueShape{5, 1, 1}));
    EXPECT_EQ(graph.value(graph.outputs.at("parts.shares")).shape, (ValueShape{4, 4, 6}));
}

TEST(GraphBuilder, NamesParametersAfterTheNode) {
    GraphBuilder builder(8, 8);
    builder.conv(builder.image(), "a.b", {.out_channels = 4, .kernel = 3, .pad = 1, .bias = true});
    const auto& parameters = builder.graph().parameters;
    ASSERT_EQ(parameters.size(), 2U);
    EXPECT_EQ(parameters.at("a.b.weight").shape, (std::vector<std::int64_t>{4, 3, 3, 3}));
    EXPECT_EQ(parameters.at("a.b.bias").shape, (std::vector<std::int64_t>{4}));
}

TEST(GraphBuilder, SharesTheTowersConvolutionButNotItsNorms) {
    const Graph graph = test::every_operator().build();
    EXPECT_EQ(graph.parameters.count("branches.face.tower.conv.weight"), 1U);
    EXPECT_EQ(graph.parameters.count("branches.face.tower.bn.p3.weight"), 1U);
    EXPECT_EQ(graph.parameters.count("branches.face.tower.bn.p4.weight"), 1U);
    EXPECT_EQ(graph.parameters.count("branches.face.tower.conv.p3.weight"), 0U);
}

TEST(GraphBuilder, KeepsStartValuesOfEachRole) {
    const auto parameters = test::every_operator().build().parameters;
    EXPECT_EQ(parameters.at("branches.face.cls.weight").init_std, 0.01);
    EXPECT_EQ(parameters.at("branches.face.cls.bias").init_value, -4.6);
    EXPECT_EQ(parameters.at("branches.face.scale.p3.scale").init_value, 1.5);
    EXPECT_EQ(parameters.at("trunk.stem.bn.weight").init_value, 1);
    EXPECT_EQ(parameters.at("trunk.stem.bn.running_var").init_value, 1);
    EXPECT_EQ(parameters.at("trunk.stem.bn.running_mean").init_value, 0);
    EXPECT_EQ(parameters.at("trunk.stem.conv.weight").init_std, 0);
}

TEST(GraphBuilder, RepeatsABiasPatternOverTheChannels) {
    GraphBuilder builder(8, 8);
    builder.conv(builder.image(), "a", {.out_channels = 4, .bias = true}, {0.01, 0, {1, -2}});
    EXPECT_EQ(builder.graph().parameters.at("a.bias").init_pattern, (std::vector<double>{1, -2}));
    EXPECT_TRUE(builder.graph().parameters.at("a.weight").init_pattern.empty());
}

TEST(GraphBuilder, ActivationNoneAddsNoNode) {
    GraphBuilder builder(8, 8);
    EXPECT_EQ(builder.activation(builder.image(), "a", Activation::none), builder.image());
    EXPECT_TRUE(builder.graph().nodes.empty());
}

TEST(GraphBuilder, SeparableLayerIsDepthwiseThenPointwise) {
    GraphBuilder builder(8, 8);
    builder.separable_bn_act(builder.image(), "s", {.out_channels = 16, .kernel = 5, .stride = 2});
    const Graph graph = builder.build();
    const auto& depthwise = std::get<ConvAttributes>(graph.nodes.at(0).attributes);
    EXPECT_EQ(depthwise.groups, 3);
    EXPECT_EQ(depthwise.kernel, 5);
    EXPECT_EQ(depthwise.stride, 2);
    const auto& pointwise = std::get<ConvAttributes>(graph.nodes.at(1).attributes);
    EXPECT_EQ(pointwise.kernel, 1);
    EXPECT_EQ(pointwise.stride, 1);
    EXPECT_EQ(graph.value(graph.nodes.back().output).shape, (ValueShape{16, 4, 4}));
}

TEST(GraphBuilder, LayersCanHaveAGroupNorm) {
    GraphBuilder builder(8, 8);
    ConvBnActOptions layer{.out_channels = 8, .norm = {NormKind::group, 4}, .suffix = ".p3"};
    builder.separable_bn_act(builder.conv_bn_act(builder.image(), "a", layer), "b", layer);
    const Graph graph = builder.build();
    EXPECT_EQ(graph.parameters.count("a.gn.p3.weight"), 1U);
    EXPECT_EQ(graph.parameters.count("b.gn.p3.bias"), 1U);
    EXPECT_EQ(graph.parameters.at("b.gn.p3.weight").init_value, 1);
    for (const Node& node : graph.nodes) {
        EXPECT_FALSE(std::holds_alternative<BatchNormAttributes>(node.attributes)) << node.name;
        const auto* norm = std::get_if<GroupNormAttributes>(&node.attributes);
        if (norm != nullptr) {
            EXPECT_EQ(norm->groups, 4);
        }
    }
}

TEST(GraphBuilder, RefusesRepeatedAndEmptyNames) {
    GraphBuilder builder(8, 8);
    builder.activation(builder.image(), "a", Activation::relu);
    expect_error<CheckError>([&] { builder.activation(builder.image(), "a", Activation::relu); }, {"\"a\"", "exists"});
    expect_error<CheckError>([&] { builder.activation(builder.image(), "image", Activation::relu); }, {"exists"});
    expect_error<CheckError>([&] { builder.activation(builder.image(), "", Activation::relu); }, {"name"});
    builder.output("y", builder.image());
    expect_error<CheckError>([&] { builder.output("y", builder.image()); }, {"\"y\"", "exists"});
    expect_error<CheckError>([&] { builder.output("", builder.image()); }, {"name"});
}

TEST(GraphBuilder, RefusesUnknownValues) {
    GraphBuilder builder(8, 8);
    expect_error<CheckError>([&] { builder.activation(7, "a", Activation::relu); }, {"[0, 1)", "found 7"});
    expect_error<CheckError>([&] { builder.activation(-1, "a", Activation::relu); }, {"found -1"});
    EXPECT_THROW(builder.shape(1), CheckError);
    EXPECT_THROW(builder.output("y", 1), CheckError);
}

TEST(GraphBuilder, RefusesASharedParameterThatDoesNotFitAndStaysAsItWas) {
    GraphBuilder builder(8, 8);
    ConvAttributes conv{.out_channels = 4, .parameters = "shared"};
    const ValueId wide = builder.conv(builder.image(), "a", conv);
    conv.bias = true;
    expect_error<ShapeError>([&] { builder.conv(wide, "b", conv); }, {"node b", "shared.weight", "[4, 4, 1, 1]"});
    EXPECT_EQ(builder.graph().parameters.size(), 1U) << "the refused node's bias must not stay";
    EXPECT_NO_THROW(builder.build());
    EXPECT_NO_THROW(builder.conv(builder.image(), "b", {.out_channels = 4}));
}

TEST(GraphBuilder, RefusesAnInputSizeOutOfRange) {
    EXPECT_THROW(GraphBuilder(0, 8), CheckError);
    EXPECT_THROW(GraphBuilder(8, -1), CheckError);
    EXPECT_THROW(GraphBuilder(kMaxExtent + 1, 8), CheckError);
    EXPECT_NO_THROW(GraphBuilder(kMaxExtent, 1));
}

TEST(GraphBuilder, GoesOnAfterBuild) {
    GraphBuilder builder(8, 8);
    const Graph first = builder.build();
    builder.activation(builder.image(), "a", Activation::relu);
    EXPECT_TRUE(first.nodes.empty());
    EXPECT_EQ(builder.build().nodes.size(), 1U);
}

TEST(NodesBetween, GivesOnlyWhatTheTargetsNeed) {
    const Graph graph = test::every_operator().build();
    const ValueId stem = graph.find_value("trunk.stem.act").value();
    const ValueId pool = graph.find_value("trunk.pool").value();
    const std::vector<int> nodes = nodes_between(graph, {stem}, {pool});
    ASSERT_EQ(nodes.size(), 1U);
    EXPECT_EQ(graph.nodes[static_cast<std::size_t>(nodes[0])].name, "trunk.pool");
    EXPECT_TRUE(nodes_between(graph, {stem}, {stem}).empty());
}

TEST(NodesBetween, RunsEverythingInOrderForAllOutputs) {
    const Graph graph = test::every_operator().build();
    std::vector<ValueId> targets;
    for (const auto& [name, id] : graph.outputs) targets.push_back(id);
    const std::vector<int> nodes = nodes_between(graph, {graph.input}, targets);
    EXPECT_EQ(nodes.size(), graph.nodes.size());
    EXPECT_TRUE(std::is_sorted(nodes.begin(), nodes.end()));
}

TEST(NodesBetween, RefusesAMissingImageAndUnknownValues) {
    const Graph graph = test::every_operator().build();
    expect_error<CheckError>([&] { nodes_between(graph, {}, {graph.outputs.at("pose.logits")}); }, {"\"image\""});
    EXPECT_THROW(nodes_between(graph, {graph.input}, {1000}), CheckError);
    EXPECT_THROW(nodes_between(graph, {-1}, {graph.input}), CheckError);
}

} // namespace
} // namespace banyan
