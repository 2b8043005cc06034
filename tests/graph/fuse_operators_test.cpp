#include "graph/fuse_operators.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "core/random.h"
#include "graph/builder.h"
#include "graph/rebuild.h"
#include "tests/graph/small_graphs.h"

namespace banyan {
namespace {

using testing::ElementsAre;

/// Names of the groups' nodes, joined by "+".
std::vector<std::string> names_of(const Graph& graph, const std::vector<FusionGroup>& groups) {
    std::vector<std::string> names;
    for (const FusionGroup& group : groups) {
        std::string text;
        for (const int node : group.nodes) {
            text += (text.empty() ? "" : "+") + graph.nodes[static_cast<std::size_t>(node)].name;
        }
        names.push_back(text);
    }
    return names;
}

std::vector<std::string> fused(const GraphBuilder& builder) {
    const Graph graph = builder.build();
    return names_of(graph, fuse_operators(graph));
}

constexpr ConvAttributes kConv{.out_channels = 3, .kernel = 3, .pad = 1};

ConvAttributes conv() { return kConv; }

TEST(FuseOperators, JoinsWhatFollowsAConvolutionElementByElement) {
    GraphBuilder b(8, 8);
    const ValueId c = b.conv(b.image(), "c", conv());
    b.output("y", b.activation(b.scale(c, "s"), "a", Activation::relu));
    EXPECT_THAT(fused(b), ElementsAre("c+s+a"));
}

TEST(FuseOperators, JoinsAResidualSumToTheConvolutionBeforeIt) {
    // x is read by the convolutions and by the sum, which post-dominates it; the first convolution ends at its own act.
    GraphBuilder b(8, 8);
    const ValueId x = b.activation(b.conv(b.image(), "x", conv()), "x_act", Activation::relu);
    const ValueId first = b.activation(b.conv(x, "c1", conv()), "a1", Activation::relu);
    const ValueId second = b.conv(first, "c2", conv());
    b.output("y", b.activation(b.add(second, x, "sum"), "a2", Activation::relu));
    EXPECT_THAT(fused(b), ElementsAre("x+x_act", "c1+a1", "c2+sum+a2"));
}

TEST(FuseOperators, NeverJoinsTwoConvolutions) {
    GraphBuilder b(8, 8);
    const ValueId left = b.conv(b.image(), "left", conv()), right = b.conv(b.image(), "right", conv());
    b.output("y", b.activation(b.add(left, right, "sum"), "a", Activation::relu));
    EXPECT_THAT(fused(b), ElementsAre("right", "left+sum+a"));
}

TEST(FuseOperators, JoinsABranchingElementwiseRegionAsAWhole) {
    // sigmoid and relu lie on parallel paths from the convolution to the sum that post-dominates it.
    GraphBuilder b(8, 8);
    const ValueId c = b.conv(b.image(), "c", conv());
    const ValueId gate = b.activation(c, "gate", Activation::sigmoid),
                  other = b.activation(c, "other", Activation::relu);
    b.output("y", b.add(gate, other, "sum"));
    EXPECT_THAT(fused(b), ElementsAre("c+gate+other+sum"));
}

TEST(FuseOperators, KeepsAConvolutionOnOnePathFromTheOther) {
    // The path over `inner` is no elementwise one, so `c` may not join the sum behind it.
    GraphBuilder b(8, 8);
    const ValueId c = b.conv(b.image(), "c", conv());
    const ValueId inner = b.conv(c, "inner", conv());
    b.output("y", b.add(inner, b.activation(c, "act", Activation::relu), "sum"));
    EXPECT_THAT(fused(b), ElementsAre("c", "inner+act+sum"));
}

TEST(FuseOperators, EndsAGroupAtAGraphOutput) {
    GraphBuilder b(8, 8);
    const ValueId c = b.conv(b.image(), "c", conv());
    b.output("seen", c);
    b.output("y", b.activation(c, "a", Activation::relu));
    EXPECT_THAT(fused(b), ElementsAre("c", "a"));
}

TEST(FuseOperators, EndsAGroupWhereTwoOutputsRead) {
    GraphBuilder b(8, 8);
    const ValueId c = b.conv(b.image(), "c", conv());
    b.output("y", b.activation(c, "a", Activation::relu));
    b.output("z", b.activation(c, "b", Activation::sigmoid));
    EXPECT_THAT(fused(b), ElementsAre("c", "a", "b"));
}

TEST(FuseOperators, LeavesAnUpsampledMapOutOfAConvolutionsGroup) {
    GraphBuilder b(8, 8);
    const ValueId fine = b.conv(b.image(), "fine", conv());
    ConvAttributes down = conv();
    down.stride = 2;
    const ValueId coarse = b.conv(b.image(), "coarse", down);
    b.output("y", b.add(fine, b.upsample_like(coarse, fine, "up"), "sum"));
    EXPECT_THAT(fused(b), ElementsAre("coarse", "up", "fine+sum"));
}

TEST(FuseOperators, JoinsInjectiveOperatorsToAConcatenationLast) {
    GraphBuilder b(8, 8);
    ConvAttributes down = conv();
    down.stride = 2;
    const ValueId coarse = b.conv(b.image(), "coarse", down);
    const ValueId up = b.upsample_like(coarse, b.image(), "up");
    const ValueId joined = b.concat({up, b.image()}, "joined");
    b.output("y", b.activation(joined, "act", Activation::relu));
    EXPECT_THAT(fused(b), ElementsAre("coarse", "up+joined+act"));
}

TEST(FuseOperators, NeverJoinsGroupNorms) {
    GraphBuilder b(8, 8);
    const ValueId c = b.conv(b.image(), "c", {.out_channels = 4});
    b.output("y", b.activation(b.group_norm(c, "gn", {.groups = 2}), "a", Activation::relu));
    EXPECT_THAT(fused(b), ElementsAre("c", "gn", "a"));
}

/// A random graph of all kinds of operators, all of one shape.
Graph random_graph(Random& random) {
    GraphBuilder b(8, 8);
    std::vector<ValueId> values{b.image()};
    const auto any = [&] { return values[static_cast<std::size_t>(random.integer(0, std::ssize(values) - 1))]; };
    const std::int64_t count = random.integer(2, 14);
    for (std::int64_t i = 0; i < count; ++i) {
        const std::string name = "n" + std::to_string(i);
        switch (random.integer(0, 7)) {
        case 0: values.push_back(b.conv(any(), name, conv())); break;
        case 1: values.push_back(b.activation(any(), name, Activation::silu)); break;
        case 2: values.push_back(b.scale(any(), name)); break;
        case 3: values.push_back(b.upsample_like(any(), any(), name)); break;
        case 4: values.push_back(b.max_pool(any(), name, 3, 1, 1)); break;
        case 5: values.push_back(b.select_channels(any(), name, {2, 0, 0})); break;
        case 6: values.push_back(b.softmax(any(), name)); break;
        default: values.push_back(b.add(any(), any(), name));
        }
    }
    b.output("y", values.back());
    if (random.integer(0, 1) == 1 && values.size() > 2) b.output("z", values[values.size() - 2]);
    return b.build();
}

/// Nodes that a path from `node` to the end can avoid `through`; brute force for post-dominance.
bool reaches_end_without(const Graph& graph, int node, int through, std::set<int>& seen) {
    if (node == through || !seen.insert(node).second) return false;
    const ValueId value = graph.nodes[static_cast<std::size_t>(node)].output;
    bool read = false;
    for (std::size_t next = 0; next < graph.nodes.size(); ++next) {
        const auto first = graph.nodes[next].inputs.begin();
        const auto last = first + static_cast<std::ptrdiff_t>(data_input_count(graph.nodes[next]));
        if (std::find(first, last, value) == last) continue;
        read = true;
        if (reaches_end_without(graph, static_cast<int>(next), through, seen)) return true;
    }
    const auto is_value = [&](const auto& output) { return output.second == value; };
    return !read || std::any_of(graph.outputs.begin(), graph.outputs.end(), is_value);
}

TEST(PostDominators, AreThoseOfBruteForceOnRandomGraphs) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Random random(seed);
        const Graph graph = random_graph(random);
        const std::vector<PostDominator> tree = post_dominators(graph);
        for (int node = 0; node < static_cast<int>(graph.nodes.size()); ++node) {
            std::vector<int> expected; // all nodes that every path to the end goes through
            for (int other = node + 1; other < static_cast<int>(graph.nodes.size()); ++other) {
                std::set<int> seen;
                if (!reaches_end_without(graph, node, other, seen)) expected.push_back(other);
            }
            std::vector<int> found;
            for (int at = tree[static_cast<std::size_t>(node)].parent; at >= 0;
                 at = tree[static_cast<std::size_t>(at)].parent) {
                found.push_back(at);
            }
            EXPECT_EQ(found, expected) << "seed " << seed << ", node " << node;
        }
    }
}

TEST(FuseOperators, KeepsItsPromisesOnRandomGraphs) {
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        Random random(seed);
        const Graph graph = random_graph(random);
        std::set<int> seen;
        std::vector<int> group_of(graph.nodes.size(), -1);
        const std::vector<FusionGroup> groups = fuse_operators(graph);
        for (int g = 0; g < static_cast<int>(groups.size()); ++g) {
            int convolutions = 0;
            for (const int node : groups[static_cast<std::size_t>(g)].nodes) {
                EXPECT_TRUE(seen.insert(node).second) << "seed " << seed;
                group_of[static_cast<std::size_t>(node)] = g;
                const OpPattern pattern = pattern_of(graph.nodes[static_cast<std::size_t>(node)].attributes);
                convolutions += pattern == OpPattern::convolution ? 1 : 0;
            }
            EXPECT_LE(convolutions, 1) << "seed " << seed;
            EXPECT_EQ(groups[static_cast<std::size_t>(g)].anchor >= 0, convolutions == 1) << "seed " << seed;
        }
        EXPECT_EQ(seen.size(), graph.nodes.size()) << "seed " << seed;
        for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
            for (std::size_t i = 0; i < data_input_count(graph.nodes[n]); ++i) {
                const ValueId input = graph.nodes[n].inputs[i];
                const int from = graph.value(input).producer;
                if (from < 0) continue;
                const int g = group_of[static_cast<std::size_t>(from)];
                EXPECT_LE(g, group_of[n]) << "seed " << seed; // made before it is read
                const bool leaves = g != group_of[n];
                EXPECT_TRUE(!leaves || groups[static_cast<std::size_t>(g)].nodes.back() == from) << "seed " << seed;
            }
        }
    }
}

TEST(SeparateOperators, MakesAGroupOfEachNode) {
    const Graph graph = test::every_operator().build();
    const std::vector<FusionGroup> groups = separate_operators(graph);
    ASSERT_EQ(groups.size(), graph.nodes.size());
    for (std::size_t i = 0; i < groups.size(); ++i) EXPECT_THAT(groups[i].nodes, ElementsAre(static_cast<int>(i)));
}

} // namespace
} // namespace banyan
