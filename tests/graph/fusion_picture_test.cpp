#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "core/error.h"
#include "graph/picture.h"
#include "graph/rebuild.h"
#include "tests/graph/small_graphs.h"
#include "tests/graph/svg_boxes.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using test::SvgBox;
using testing::ElementsAre;

constexpr ConvAttributes kConv{.out_channels = 3, .kernel = 3, .pad = 1};

/// The boxes of a fusion picture: on the left by node, on the right by group.
struct Halves {
    std::vector<SvgBox> nodes, groups;
    SvgBox left_image, right_image;
};

Halves halves_of(const std::string& svg, const Graph& graph) {
    const std::vector<SvgBox> boxes = test::boxes_of(svg);
    const auto right = boxes.begin() + std::ssize(graph.nodes) + 1;
    return {{boxes.begin() + 1, right}, {right + 1, boxes.end()}, boxes[0], *right};
}

/// x is read by two convolutions; the second one's group takes in the sum and the activation behind it.
Graph residual() {
    GraphBuilder b(8, 8);
    const ValueId x = b.conv(b.image(), "t.b.x", kConv);
    const ValueId first = b.activation(b.conv(x, "t.b.1.conv", kConv), "t.b.1.act", Activation::relu);
    const ValueId second = b.conv(first, "t.b.2.conv", kConv);
    b.output("y", b.activation(b.add(second, x, "t.b.2.sum"), "t.b.2.act", Activation::relu));
    return b.build();
}

TEST(FusionSvg, DrawsEveryNodeOnTheLeftAndEveryGroupOnTheRight) {
    const Graph graph = test::every_operator().build();
    const std::vector<FusionGroup> groups = fuse_operators(graph);
    const std::string svg = fusion_svg(graph, groups);
    const std::vector<SvgBox> boxes = test::boxes_of(svg);
    ASSERT_EQ(boxes.size(), graph.nodes.size() + groups.size() + 2) << "with the image in each half";
    test::expect_apart(boxes);
    const Halves halves = halves_of(svg, graph);
    int left_end = 0;
    for (const SvgBox& box : halves.nodes) left_end = std::max(left_end, box.left + box.width);
    for (const SvgBox& box : halves.groups) EXPECT_GT(box.left, left_end);
    EXPECT_EQ(test::count_of(svg, ">before: 30 operators<"), 1U);
    EXPECT_EQ(test::count_of(svg, ">after: " + std::to_string(groups.size()) + " groups<"), 1U);
}

TEST(FusionSvg, StaysInsideThePage) {
    const Graph graph = test::every_operator().build();
    const std::string svg = fusion_svg(graph, fuse_operators(graph));
    pugi::xml_document document;
    document.load_string(svg.c_str());
    for (const SvgBox& box : test::boxes_of(svg)) {
        EXPECT_LE(box.left + box.width, document.child("svg").attribute("width").as_int());
        EXPECT_LE(box.top + box.height, document.child("svg").attribute("height").as_int());
    }
}

TEST(FusionSvg, GivesAGroupsNodesItsColour) {
    const Graph graph = test::every_operator().build();
    const std::vector<FusionGroup> groups = fuse_operators(graph);
    const Halves halves = halves_of(fusion_svg(graph, groups), graph);
    std::set<std::string> single, several;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const std::string& colour = halves.groups[g].colour;
        (groups[g].nodes.size() == 1 ? single : several).insert(colour);
        for (const int node : groups[g].nodes) EXPECT_EQ(halves.nodes[static_cast<std::size_t>(node)].colour, colour);
    }
    EXPECT_EQ(single.size(), 1U);
    EXPECT_EQ(several.count(*single.begin()), 0U);
    EXPECT_GT(several.size(), 3U);
}

TEST(FusionSvg, ColoursNeighboursDifferently) {
    // Each sum reads the one before it and the first of all, so that one colour or another comes round again.
    GraphBuilder b(8, 8);
    const auto layer = [&b](ValueId x, const std::string& name) {
        return b.activation(b.conv(x, name, kConv), name + "_act", Activation::relu);
    };
    const ValueId first = layer(b.image(), "first");
    ValueId last = first;
    for (int i = 0; i < 20; ++i) {
        const std::string name = std::to_string(i);
        last = b.add(b.conv(last, name, kConv), first, name + "_sum");
    }
    b.output("y", last);
    const Graph graph = b.build();
    const std::vector<FusionGroup> groups = fuse_operators(graph);
    const Halves halves = halves_of(fusion_svg(graph, groups), graph);
    ASSERT_EQ(groups.size(), 21U);
    for (std::size_t g = 1; g < groups.size(); ++g) {
        EXPECT_NE(halves.groups[g].colour, halves.groups[0].colour) << g;
        EXPECT_TRUE(g == 1 || halves.groups[g].colour != halves.groups[g - 1].colour) << g;
    }
}

TEST(FusionSvg, StretchesGroupsBesideTheirNodes) {
    const Graph graph = residual();
    const std::vector<FusionGroup> groups = fuse_operators(graph);
    const Halves halves = halves_of(fusion_svg(graph, groups), graph);
    ASSERT_EQ(groups.size(), 3U);
    EXPECT_EQ(halves.left_image.top, halves.right_image.top);
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const SvgBox& first = halves.nodes[static_cast<std::size_t>(groups[g].nodes.front())];
        const SvgBox& last = halves.nodes[static_cast<std::size_t>(groups[g].nodes.back())];
        EXPECT_EQ(halves.groups[g].top, first.top);
        EXPECT_EQ(halves.groups[g].top + halves.groups[g].height, last.top + last.height);
    }
}

TEST(FusionSvg, PutsEveryGroupBelowWhatItReads) {
    const Graph graph = test::every_operator().build();
    const std::vector<FusionGroup> groups = fuse_operators(graph);
    const Halves halves = halves_of(fusion_svg(graph, groups), graph);
    const std::vector<std::vector<int>> readers = data_consumers(graph);
    std::vector<std::size_t> group_of(graph.nodes.size());
    for (std::size_t g = 0; g < groups.size(); ++g) {
        for (const int node : groups[g].nodes) group_of[static_cast<std::size_t>(node)] = g;
    }
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
        const SvgBox& from = halves.groups[group_of[n]];
        for (const int reader : readers[static_cast<std::size_t>(graph.nodes[n].output)]) {
            const std::size_t to = group_of[static_cast<std::size_t>(reader)];
            EXPECT_TRUE(to == group_of[n] || halves.groups[to].top > from.top + from.height) << graph.nodes[n].name;
        }
    }
}

TEST(FusionSvg, DrawsAnEdgeForEachReadBox) {
    // Left: image-x, x-conv, conv-act, act-conv, conv-sum, x-sum, sum-act; right: image-x, x-first, first-second,
    // x-second.
    const Graph graph = residual();
    EXPECT_EQ(test::count_of(fusion_svg(graph, fuse_operators(graph)), "class=\"edge\""), 7U + 4U);
    EXPECT_EQ(test::count_of(fusion_svg(graph, separate_operators(graph)), "class=\"edge\""), 7U + 7U);
}

TEST(FusionSvg, DrawsNoEdgeForASizeOnly) {
    // The sum joins `fine`, whose size the upsampling before it takes: an edge would lead upwards.
    GraphBuilder b(8, 8);
    const ValueId fine = b.conv(b.image(), "fine", kConv);
    const ValueId coarse = b.max_pool(b.image(), "coarse", 2, 2, 0);
    b.output("y", b.add(fine, b.upsample_like(coarse, fine, "up"), "sum"));
    const Graph graph = b.build();
    const std::vector<FusionGroup> groups = fuse_operators(graph);
    ASSERT_EQ(groups.back().nodes.size(), 2U) << "fine + sum";
    const std::string svg = fusion_svg(graph, groups);
    EXPECT_EQ(test::count_of(svg, "class=\"edge\""), 5U + 4U);
    test::expect_apart(test::boxes_of(svg));
}

TEST(FusionSvg, TellsNamesOperatorsShapeAndNodes) {
    const Graph graph = residual();
    const Halves halves = halves_of(fusion_svg(graph, fuse_operators(graph)), graph);
    EXPECT_THAT(halves.nodes[1].lines, ElementsAre("1.conv", "conv 3x3 -> 3", "[C 3, H 8, W 8]"));
    EXPECT_THAT(halves.groups[0].lines, ElementsAre("x", "conv 3x3 -> 3", "[C 3, H 8, W 8]"));
    EXPECT_THAT(halves.groups[1].lines,
                ElementsAre("1.conv + act", "conv 3x3 -> 3 + relu", "[C 3, H 8, W 8]", "2 nodes"));
    EXPECT_THAT(halves.groups[2].lines,
                ElementsAre("2.conv \u2026 act", "conv 3x3 -> 3 + add + relu", "[C 3, H 8, W 8] \u2192 y", "3 nodes"));
}

TEST(FusionSvg, BreaksLongListsOfOperatorsBetweenThem) {
    GraphBuilder b(8, 8);
    ValueId x = b.conv(b.image(), "conv", kConv);
    for (int i = 0; i < 6; ++i) x = b.activation(x, "act" + std::to_string(i), Activation::hard_swish);
    b.output("y", x);
    const Graph graph = b.build();
    const Halves halves = halves_of(fusion_svg(graph, fuse_operators(graph)), graph);
    const std::string two = "+ hard_swish + hard_swish";
    EXPECT_THAT(halves.groups.at(0).lines, ElementsAre("conv \u2026 act5", "conv 3x3 -> 3 + hard_swish", two, two,
                                                       "+ hard_swish", "[C 3, H 8, W 8] \u2192 y", "7 nodes"));
}

TEST(FusionSvg, EscapesNames) {
    GraphBuilder b(8, 8);
    const ValueId conv = b.conv(b.image(), "a<b>&\"c\"", kConv);
    b.output("<&>", b.activation(conv, "d<\x01>", Activation::relu));
    const Graph graph = b.build();
    const std::string svg = fusion_svg(graph, fuse_operators(graph));
    EXPECT_EQ(test::boxes_of(svg).back().lines.at(0), "a<b>&\"c\" + d<?>");
}

TEST(FusionSvg, DrawsAnEmptyNetwork) {
    const std::string svg = fusion_svg(GraphBuilder(8, 8).build(), {});
    EXPECT_EQ(test::boxes_of(svg).size(), 2U);
    EXPECT_EQ(test::count_of(svg, ">before: 0 operators<"), 1U);
}

TEST(FusionSvg, RefusesGroupsThatAreNotAllNodesOnceInOrder) {
    GraphBuilder b(8, 8);
    b.output("y", b.activation(b.conv(b.image(), "c", kConv), "a", Activation::relu));
    const Graph graph = b.build();
    const auto draw = [&graph](const std::vector<std::vector<int>>& nodes) {
        std::vector<FusionGroup> groups;
        for (const std::vector<int>& of_group : nodes) groups.push_back({of_group});
        return fusion_svg(graph, groups);
    };
    EXPECT_EQ(test::count_of(draw({{0, 1}}), ">after: 1 group<"), 1U);
    test::expect_error<CheckError>([&] { draw({{0}}); }, {"node a is in no group"});
    test::expect_error<CheckError>([&] { draw({{0, 1}, {1}}); }, {"node a is in two groups"});
    test::expect_error<CheckError>([&] { draw({{0, 1}, {}}); }, {"group 1 has no nodes"});
    test::expect_error<CheckError>([&] { draw({{0, 1, 2}}); }, {"group 0 has node 2 of 2"});
    test::expect_error<CheckError>([&] { draw({{-1, 0, 1}}); }, {"group 0 has node -1 of 2"});
    test::expect_error<CheckError>([&] { draw({{1}, {0}}); }, {"node a reads what a later group makes"});
}

} // namespace
} // namespace banyan
