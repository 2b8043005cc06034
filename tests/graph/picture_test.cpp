#include "graph/picture.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <pugixml.hpp>

#include "graph/layer_groups.h"
#include "tests/graph/small_graphs.h"

namespace banyan {
namespace {

std::size_t count_of(const std::string& text, const std::string& word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + word.size())) ++count;
    return count;
}

struct Rectangle {
    int left, top, width, height;
};

/// The boxes of an SVG, which must be well-formed.
std::vector<Rectangle> boxes_of(const std::string& svg) {
    pugi::xml_document document;
    const pugi::xml_parse_result result = document.load_string(svg.c_str());
    EXPECT_TRUE(result) << result.description();
    std::vector<Rectangle> boxes;
    for (const pugi::xml_node& group : document.child("svg").children("g")) {
        const pugi::xml_node box = group.child("rect");
        boxes.push_back({box.attribute("x").as_int(), box.attribute("y").as_int(), box.attribute("width").as_int(),
                         box.attribute("height").as_int()});
    }
    return boxes;
}

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
    const std::vector<Rectangle> boxes = boxes_of(to_svg(graph));
    ASSERT_EQ(boxes.size(), layer_groups(graph).size() + 1);
    for (std::size_t a = 0; a < boxes.size(); ++a) {
        for (std::size_t b = a + 1; b < boxes.size(); ++b) {
            const bool apart =
                boxes[a].left + boxes[a].width <= boxes[b].left || boxes[b].left + boxes[b].width <= boxes[a].left ||
                boxes[a].top + boxes[a].height <= boxes[b].top || boxes[b].top + boxes[b].height <= boxes[a].top;
            EXPECT_TRUE(apart) << "boxes " << a << " and " << b << " overlap";
        }
    }
}

TEST(ToSvg, PutsEveryBoxBelowWhatItReadsAndInsideThePage) {
    const Graph graph = test::every_operator().build();
    const std::string svg = to_svg(graph);
    const std::vector<Rectangle> boxes = boxes_of(svg); // the image, then the groups in order
    const std::vector<LayerGroup> groups = layer_groups(graph);
    pugi::xml_document document;
    document.load_string(svg.c_str());
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const Rectangle& box = boxes[g + 1];
        EXPECT_LE(box.left + box.width, document.child("svg").attribute("width").as_int());
        EXPECT_LE(box.top + box.height, document.child("svg").attribute("height").as_int());
        for (const int input : groups[g].inputs) EXPECT_GT(box.top, boxes[static_cast<std::size_t>(input + 1)].top);
    }
}

TEST(ToSvg, GivesEachBranchItsColumn) {
    const Graph graph = test::every_operator().build();
    const std::vector<Rectangle> boxes = boxes_of(to_svg(graph));
    const std::vector<LayerGroup> groups = layer_groups(graph);
    int pose_left = 1 << 30, face_right = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const Rectangle& box = boxes[g + 1];
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
    EXPECT_EQ(count_of(dot, " -> ") - count_of(dot, " -> 8") - count_of(dot, " -> 2 ") - count_of(dot, " -> 5"), edges);
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
