#include "graph/cost.h"

#include <gtest/gtest.h>

#include "graph/dump.h"
#include "tests/graph/small_graphs.h"

namespace banyan {
namespace {

const Node& node_named(const Graph& graph, const std::string& name) {
    return *graph.producer(graph.find_value(name).value());
}

TEST(NodeCost, CountsAConvolution) {
    GraphBuilder builder(8, 8);
    const ConvAttributes conv{.out_channels = 6, .kernel = 3, .stride = 2, .pad = 1, .groups = 3, .bias = true};
    builder.conv(builder.image(), "c", conv);
    const Graph graph = builder.build();
    // Output 6 x 4 x 4; each number needs 3 / 3 * 3 * 3 = 9 products; weight 6 * 1 * 3 * 3 and bias 6.
    EXPECT_EQ(node_cost(graph, graph.nodes[0]), (Cost{6 * 16 * 9, 54 + 6, 6 * 16 * 4}));
}

TEST(NodeCost, CountsLinearAndFreeNodes) {
    const Graph graph = test::every_operator().build();
    EXPECT_EQ(node_cost(graph, node_named(graph, "branches.pose.fc")), (Cost{8 * 5, 8 * 5 + 5, 5 * 4}));
    EXPECT_EQ(node_cost(graph, node_named(graph, "branches.pose.gn")), (Cost{0, 8 + 8, 8 * 4 * 6 * 4}));
    EXPECT_EQ(node_cost(graph, node_named(graph, "trunk.sum")), (Cost{0, 0, 8 * 8 * 12 * 4}));
}

TEST(TotalCost, CountsASharedParameterOnce) {
    const Graph graph = test::every_operator().build();
    std::int64_t parameters = 0;
    for (const auto& [name, parameter] : graph.parameters) {
        std::int64_t count = 1;
        for (const std::int64_t extent : parameter.shape) count *= extent;
        parameters += count;
    }
    EXPECT_EQ(total_cost(graph).parameters, parameters);
    const Cost p3 = node_cost(graph, node_named(graph, "branches.face.cls.p3"));
    const Cost p4 = node_cost(graph, node_named(graph, "branches.face.cls.p4"));
    const Cost both = total_cost(graph, "branches.face.cls");
    EXPECT_EQ(both.parameters, p3.parameters);
    EXPECT_EQ(both.macs, p3.macs + p4.macs);
}

TEST(TotalCost, TakesWholeDottedParts) {
    GraphBuilder builder(8, 8);
    builder.activation(builder.image(), "branches.face", Activation::relu);
    builder.activation(builder.image(), "branches.face.a", Activation::relu);
    builder.activation(builder.image(), "branches.facemask.a", Activation::relu);
    const Graph graph = builder.build();
    constexpr std::int64_t kBytes = 3 * 8 * 8 * 4;
    EXPECT_EQ(total_cost(graph, "branches.face").activation_bytes, 2 * kBytes);
    EXPECT_EQ(total_cost(graph, "branches.face.").activation_bytes, kBytes);
    EXPECT_EQ(total_cost(graph, "branches").activation_bytes, 3 * kBytes);
    EXPECT_EQ(total_cost(graph, "nothing"), Cost{});
}

TEST(CostByPrefix, SumsToTheTotal) {
    const Graph graph = test::every_operator().build();
    const std::map<std::string, Cost> parts = cost_by_prefix(graph, 1);
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts.at("trunk"), total_cost(graph, "trunk"));
    EXPECT_EQ(parts.at("trunk").macs + parts.at("branches").macs, total_cost(graph).macs);
    EXPECT_EQ(cost_by_prefix(graph, 2).count("branches.face"), 1U);
}

TEST(Describe, TellsTheOperatorWithWhatIsUnusual) {
    const Graph graph = test::every_operator().build();
    EXPECT_EQ(describe(node_named(graph, "trunk.stem.conv")), "conv 3x3 s2 -> 8");
    EXPECT_EQ(describe(node_named(graph, "trunk.down.dw")), "conv 3x3 s2 g8 -> 8 same_tf");
    EXPECT_EQ(describe(node_named(graph, "trunk.p3")), "conv 1x1 -> 8 bias");
    EXPECT_EQ(describe(node_named(graph, "branches.parts.wide")), "conv 3x3 d2 -> 4 bias");
    EXPECT_EQ(describe(node_named(graph, "branches.parts.shuffle")), "select_channels -> 8");
    EXPECT_EQ(describe(node_named(graph, "branches.parts.softmax")), "softmax");
    EXPECT_EQ(describe(node_named(graph, "trunk.pool")), "max_pool 2x2 s2");
    EXPECT_EQ(describe(node_named(graph, "trunk.down.act")), "silu");
    EXPECT_EQ(describe(node_named(graph, "branches.pose.fc")), "linear -> 5");
    EXPECT_EQ(describe(node_named(graph, "branches.pose.gn")), "group_norm 4 groups eps 1e-05");
}

TEST(Dump, ListsNodesOutputsAndTotals) {
    const std::string text = dump(test::every_operator().build());
    EXPECT_TRUE(text.starts_with("input image 3x32x48\n"));
    EXPECT_NE(text.find("branches.face.tower.conv.p4"), std::string::npos);
    EXPECT_NE(text.find("output face.cls.p3 = branches.face.scale.p3 2x8x12\n"), std::string::npos);
    const std::size_t last_line = text.rfind('\n', text.size() - 2) + 1;
    EXPECT_TRUE(text.substr(last_line).starts_with("total ")) << text.substr(last_line);
}

TEST(Dump, AlignsItsColumns) {
    const std::string text = dump(test::every_operator().build());
    std::size_t at = text.find("#  ");
    const std::size_t header_end = text.find('\n', at);
    const std::size_t column = text.substr(at, header_end - at).find("operator");
    for (const std::string operation : {"conv 3x3 s2 -> 8 ", "max_pool 2x2 s2"}) {
        at = text.find(operation);
        EXPECT_EQ(at - (text.rfind('\n', at) + 1), column) << operation;
    }
}

} // namespace
} // namespace banyan
