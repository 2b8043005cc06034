#include "graph/picture.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <pugixml.hpp>

#include "graph/layer_groups.h"
#include "tests/graph/small_graphs.h"
#include "tests/graph/svg_boxes.h"

namespace banyan {
namespace {

using test::boxes_of;
using test::count_of;
using test::SvgBox;

TEST(LayerGroups, JoinConvolutionNormAndActivation) {
    const Graph graph = test::every_operator().build();
    const std::vector<LayerGroup> groups = layer_groups(graph);
    EXPECT_EQ(groups[0].operation, "conv 3x3 s2 -> 8, bn, relu");
    EXPECT_EQ(groups[0].nodes, (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(groups[0].inputs, std::vector<int>{kImageGroup});
    std::set<int> nodes;
    for (const LayerGroup& group : groups) nodes.insert(group.nodes.begin(), group.nodes.end());
    EXPECT_EQ(nodes.size(), graph.nodes.size()) << "each node is in one group";
}

TEST(LayerGroups, KeepValuesThatOthersReadAtAnEnd) {
    GraphBuilder builder(8, 8);
    const ValueId conv = builder.conv(builder.image(), "t.a.conv", {.out_channels = 4});
    const ValueId norm = builder.batch_norm(conv, "t.a.bn");
    builder.output("y", builder.add(conv, norm, "t.a.sum"));
    builder.output("raw", builder.conv(builder.image(), "t.b.conv", {.out_channels = 4}));
    builder.output("act", builder.activation(builder.graph().outputs.at("raw"), "t.b.act", Activation::relu));
    const std::vector<LayerGroup> groups = layer_groups(builder.build());
    ASSERT_EQ(groups.size(), 5U);
    EXPECT_EQ(groups[2].inputs, (std::vector<int>{0, 1}));
    EXPECT_EQ(groups[3].output_names, std::vector<std::string>{"raw"});
}

TEST(LayerGroups, SplitNamesIntoPartAndRest) {
    GraphBuilder builder(8, 8);
    for (const std::string name : {"alone", "a.b", "a.b.c", "a.b.c.d"}) {
        builder.global_average_pool(builder.image(), name);
    }
    const std::vector<LayerGroup> groups = layer_groups(builder.build());
    const std::vector<std::pair<std::string, std::string>> expected{
        {"", "alone"}, {"a", "b"}, {"a.b", "c"}, {"a.b", "c.d"}};
    for (std::size_t g = 0; g < groups.size(); ++g) {
        EXPECT_EQ(std::pair(groups[g].part, groups[g].name), expected[g]);
    }
    EXPECT_EQ(parts_of(groups), (std::vector<std::string>{"", "a", "a.b"}));
}

TEST(ToSvg, DrawsEachGroupAndTheImageInABoxOfItsOwn) {
    const Graph graph = test::every_operator().build();
    const std::vector<SvgBox> boxes = boxes_of(to_svg(graph));
    ASSERT_EQ(boxes.size(), layer_groups(graph).size() + 1);
    test::expect_apart(boxes);
}

TEST(ToSvg, PutsEveryBoxBelowWhatItReadsAndInsideThePage) {
    const Graph graph = test::every_operator().build();
    const std::string svg = to_svg(graph);
    const std::vector<SvgBox> boxes = boxes_of(svg); // the image, then the groups in order
    const std::vector<LayerGroup> groups = layer_groups(graph);
    pugi::xml_document document;
    document.load_string(svg.c_str());
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const SvgBox& box = boxes[g + 1];
        EXPECT_LE(box.left + box.width, document.child("svg").attribute("width").as_int());
        EXPECT_LE(box.top + box.height, document.child("svg").attribute("height").as_int());
        for (const int input : groups[g].inputs) EXPECT_GT(box.top, boxes[static_cast<std::size_t>(input + 1)].top);
    }
}

TEST(ToSvg, GivesEachBranchItsColumn) {
    const Graph graph = test::every_operator().build();
    const std::vector<SvgBox> boxes = boxes_of(to_svg(graph));
    const std::vector<LayerGroup> groups = layer_groups(graph);
    int pose_left = 1 << 30, face_right = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const SvgBox& box = boxes[g + 1];
        if (groups[g].part == "branches.face") face_right = std::max(face_right, box.left + box.width);
        if (groups[g].part == "branches.pose") pose_left = std::min(pose_left, box.left);
    }
    EXPECT_LT(face_right, pose_left);
}

TEST(ToSvg, EscapesNames) {
    GraphBuilder builder(8, 8);
    builder.output("<\"&\x01>", builder.activation(builder.image(), "a<b>&\"c\"", Activation::relu));
    const std::string svg = to_svg(builder.build());
    boxes_of(svg);
    EXPECT_NE(svg.find("a&lt;b&gt;&amp;&quot;c&quot;"), std::string::npos);
    EXPECT_EQ(svg.find('\x01'), std::string::npos);
}

TEST(ToSvg, CutsLongNamesBetweenLetters) {
    GraphBuilder builder(8, 8);
    std::string name = "x";
    for (int i = 0; i < 60; ++i) name += "\u00e9";
    builder.activation(builder.image(), name, Activation::relu);
    const std::string svg = to_svg(builder.build());
    EXPECT_NE(svg.find(">\u2026\u00e9"), std::string::npos);
}

TEST(ToSvg, DrawsAnEmptyNetwork) { EXPECT_EQ(boxes_of(to_svg(GraphBuilder(8, 8).build())).size(), 1U); }

TEST(ToDot, HasABoxAGroupAndAnEdgeAReadValue) {
    const Graph graph = test::every_operator().build();
    const std::vector<LayerGroup> groups = layer_groups(graph);
    std::size_t edges = graph.outputs.size();
    for (const LayerGroup& group : groups) edges += group.inputs.size();
    const std::string dot = to_dot(graph);
    const std::size_t in_labels =
        count_of(dot, " -> 8") + count_of(dot, " -> 2 ") + count_of(dot, " -> 5") + count_of(dot, " -> 4");
    EXPECT_EQ(count_of(dot, " -> ") - in_labels, edges);
    EXPECT_EQ(count_of(dot, "fillcolor=\"#"), groups.size());
    EXPECT_EQ(count_of(dot, "subgraph cluster_"), parts_of(groups).size());
}

TEST(ToDot, EscapesQuotes) {
    GraphBuilder builder(8, 8);
    builder.activation(builder.image(), "a\"b\\c", Activation::relu);
    EXPECT_NE(to_dot(builder.build()).find("a\\\"b\\\\c"), std::string::npos);
}

} // namespace
} // namespace banyan
