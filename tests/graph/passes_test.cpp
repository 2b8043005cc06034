#include "graph/pass_list.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "graph/graph_json.h"
#include "graph/rebuild.h"
#include "graph/remove_dead.h"
#include "graph/verifier.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using test::every_operator;
using test::with_random_values;

template <typename Attribute>
std::size_t count_of(const Graph& graph) {
    std::size_t count = 0;
    for (const Node& node : graph.nodes) count += std::holds_alternative<Attribute>(node.attributes) ? 1 : 0;
    return count;
}

const ConvAttributes& conv_named(const Graph& graph, const std::string& name) {
    return std::get<ConvAttributes>(graph.producer(graph.find_value(name).value())->attributes);
}

TEST(FoldBatchNorm, RemovesEachNormBehindAConvolution) {
    const GraphWithValues before = with_random_values(every_operator().build());
    const GraphWithValues after = fold_batch_norm(before);
    verify(after.graph);
    EXPECT_EQ(count_of<BatchNormAttributes>(before.graph), 4U);
    EXPECT_EQ(count_of<BatchNormAttributes>(after.graph), 0U);
    EXPECT_EQ(after.graph.nodes.size(), before.graph.nodes.size() - 4);
    EXPECT_EQ(after.tensors.size(), after.graph.parameters.size());
    for (const auto& [name, parameter] : after.graph.parameters) {
        EXPECT_EQ(after.tensors.at(name).shape, parameter.shape) << name;
        EXPECT_EQ(name.find(".bn"), std::string::npos) << name;
    }
}

TEST(FoldBatchNorm, ComputesTheJoinedWeightAndBias) {
    GraphBuilder builder(4, 4);
    const ValueId conv = builder.conv(builder.image(), "c", {.out_channels = 2, .bias = true});
    builder.output("y", builder.batch_norm(conv, "n", {0.5, ""}));
    const HostTensors values{{"c.weight", {{2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}}},
                             {"c.bias", {{2}, {1, 2}}},
                             {"n.weight", {{2}, {2, 3}}},
                             {"n.bias", {{2}, {10, 20}}},
                             {"n.running_mean", {{2}, {3, 0}}},
                             {"n.running_var", {{2}, {3.5F, 0.75F}}}};
    const GraphWithValues folded = fold_batch_norm({builder.build(), values});
    // Channel 0: factor 2 / sqrt(3.5 + 0.5) = 1, bias 10 + (1 - 3) * 1 = 8.
    // Channel 1: factor 3 / sqrt(0.75 + 0.5) = 2.6832815730, bias 20 + (2 - 0) * factor = 25.366563146.
    const std::vector<float>& weight = folded.tensors.at("c.weight").data;
    const std::vector<float>& bias = folded.tensors.at("c.bias").data;
    EXPECT_EQ(std::vector<float>(weight.begin(), weight.begin() + 3), (std::vector<float>{1, 2, 3}));
    EXPECT_FLOAT_EQ(weight[3], 4 * 2.6832815730F);
    EXPECT_FLOAT_EQ(weight[5], 6 * 2.6832815730F);
    EXPECT_FLOAT_EQ(bias[0], 8);
    EXPECT_FLOAT_EQ(bias[1], 25.366563146F);
}

TEST(FoldBatchNorm, GivesConvolutionsOfOneWeightTheirOwn) {
    const Graph after = fold_batch_norm(with_random_values(every_operator().build())).graph;
    const std::string p3 = conv_named(after, "branches.face.tower.conv.p3").parameters;
    const std::string p4 = conv_named(after, "branches.face.tower.conv.p4").parameters;
    EXPECT_NE(p3, p4);
    EXPECT_EQ(after.parameters.count("branches.face.tower.conv.weight"), 0U);
    // Without batch norm the weight stays shared.
    const std::string shared = "branches.face.cls";
    EXPECT_EQ(conv_named(after, "branches.face.cls.p3").parameters, shared);
    EXPECT_EQ(conv_named(after, "branches.face.cls.p4").parameters, shared);
}

TEST(FoldBatchNorm, IsIdempotent) {
    GraphBuilder builder = every_operator();
    ValueId x = builder.conv(builder.image(), "extra.conv", {.out_channels = 4});
    x = builder.batch_norm(x, "extra.first");
    builder.output("extra", builder.batch_norm(x, "extra.second"));
    const GraphWithValues once = fold_batch_norm(with_random_values(builder.build()));
    const GraphWithValues twice = fold_batch_norm(once);
    EXPECT_EQ(to_json(twice.graph), to_json(once.graph));
    EXPECT_EQ(twice.tensors, once.tensors);
    EXPECT_EQ(count_of<BatchNormAttributes>(once.graph), 0U);
    EXPECT_EQ(once.graph.value(once.graph.outputs.at("extra")).name, "extra.conv");
}

TEST(FoldBatchNorm, LeavesANormWhoseConvolutionIsReadElsewhere) {
    GraphBuilder builder(8, 8);
    const ValueId read_twice = builder.conv(builder.image(), "a", {.out_channels = 4});
    const ValueId norm_a = builder.batch_norm(read_twice, "a.bn");
    builder.output("sum", builder.add(read_twice, norm_a, "sum"));
    const ValueId is_output = builder.conv(builder.image(), "b", {.out_channels = 4});
    builder.output("b", is_output);
    builder.output("b.bn", builder.batch_norm(is_output, "b.bn"));
    builder.output("image.bn", builder.batch_norm(builder.image(), "image.bn"));
    const GraphWithValues before = with_random_values(builder.build());
    const GraphWithValues after = fold_batch_norm(before);
    EXPECT_EQ(to_json(after.graph), to_json(before.graph));
    EXPECT_EQ(after.tensors, before.tensors);
}

TEST(FoldBatchNorm, RefusesMissingAndWrongValues) {
    const GraphWithValues good = with_random_values(every_operator().build());
    GraphWithValues bad = good;
    bad.tensors.erase("trunk.stem.bn.running_var");
    expect_error<CheckError>([&] { fold_batch_norm(bad); }, {"trunk.stem.bn.running_var", "no value"});
    bad = good;
    bad.tensors.at("trunk.stem.bn.running_var").data.pop_back();
    expect_error<CheckError>([&] { fold_batch_norm(bad); }, {"trunk.stem.bn.running_var", "wrong size"});
    for (const float variance : {-1.0F, std::numeric_limits<float>::quiet_NaN()}) {
        bad = good;
        bad.tensors.at("trunk.stem.bn.running_var").data[2] = variance;
        expect_error<CheckError>([&] { fold_batch_norm(bad); }, {"trunk.stem.bn", "channel 2"});
    }
}

TEST(KeepOutputs, DropsOtherBranches) {
    const Graph graph = keep_outputs(every_operator().build(), {"pose.logits"});
    verify(graph);
    EXPECT_EQ(graph.outputs.size(), 1U);
    for (const Node& node : graph.nodes) EXPECT_FALSE(node.name.starts_with("branches.face")) << node.name;
    for (const auto& [name, parameter] : graph.parameters) EXPECT_FALSE(name.starts_with("branches.face")) << name;
    EXPECT_FALSE(graph.find_value("trunk.sum")) << "the part of the trunk that only the face needs";
}

TEST(KeepOutputs, RefusesUnknownNamesAndNone) {
    const Graph graph = every_operator().build();
    expect_error<CheckError>([&] { keep_outputs(graph, {"hand.cls"}); }, {"hand.cls", "pose.logits"});
    EXPECT_THROW(keep_outputs(graph, {}), CheckError);
}

TEST(RemoveDead, RemovesOnlyWhatNoOutputNeeds) {
    GraphBuilder builder = every_operator();
    const Graph alive = builder.build();
    builder.conv_bn_act(builder.image(), "dead", {.out_channels = 4});
    const Graph graph = builder.build();
    ASSERT_GT(graph.nodes.size(), alive.nodes.size());
    EXPECT_EQ(to_json(remove_dead(graph)), to_json(alive));
    EXPECT_EQ(to_json(remove_dead(alive)), to_json(alive));
}

TEST(Rebuild, RefusesAValueThatNoNodeMakes) {
    const Graph graph = every_operator().build();
    std::vector<Node> nodes = graph.nodes;
    nodes.erase(nodes.begin());
    expect_error<CheckError>([&] { rebuild(graph, nodes, graph.outputs); }, {"trunk.stem.bn", "trunk.stem.conv"});
}

TEST(Consumers, NamesEachReaderOnce) {
    GraphBuilder builder(8, 8);
    const ValueId a = builder.activation(builder.image(), "a", Activation::relu);
    builder.add(a, a, "twice");
    builder.activation(a, "b", Activation::relu);
    const auto readers = consumers(builder.build());
    EXPECT_EQ(readers.at(static_cast<std::size_t>(a)), (std::vector<int>{1, 2}));
}

TEST(PassList, AppliesAllPassesAndEachCanBeDisabled) {
    GraphBuilder builder = every_operator();
    builder.activation(builder.image(), "dead", Activation::relu);
    const GraphWithValues input = with_random_values(builder.build());
    const Graph all = apply_passes(input).graph;
    EXPECT_FALSE(all.find_value("dead"));
    EXPECT_EQ(count_of<BatchNormAttributes>(all), 0U);
    EXPECT_EQ(count_of<BatchNormAttributes>(apply_passes(input, {"fold_batch_norm"}).graph), 4U);

    std::vector<std::string> names;
    for (const GraphPass& pass : graph_passes()) names.emplace_back(pass.name);
    const GraphWithValues none = apply_passes(input, names);
    EXPECT_EQ(to_json(none.graph), to_json(input.graph));
    EXPECT_EQ(none.tensors, input.tensors);
}

TEST(PassList, RefusesUnknownNamesAndMissingValues) {
    GraphWithValues input = with_random_values(every_operator().build());
    expect_error<CheckError>([&] { apply_passes(input, {"fold"}); }, {"\"fold\""});
    input.tensors.clear();
    expect_error<CheckError>([&] { apply_passes(input); }, {"has no value"});
}

} // namespace
} // namespace banyan
