#include "quant/equalization.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/error.h"
#include "graph/graph_json.h"
#include "graph/verifier.h"
#include "tests/graph/small_graphs.h"
#include "tests/quant/reference_network.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using test::Numbers;
using test::ReferenceNetwork;
using test::with_random_values;

const ConvAttributes kDepthwise{.out_channels = 8, .kernel = 3, .pad = 1, .groups = 8, .bias = true};

/// conv - depthwise - conv with these activations between.
Graph triple(Activation kind) {
    GraphBuilder builder(6, 5);
    ValueId x = builder.conv(builder.image(), "a", {.out_channels = 8, .kernel = 3, .pad = 1, .bias = true});
    x = builder.activation(x, "a.act", kind);
    x = builder.conv(x, "b", kDepthwise);
    x = builder.activation(x, "b.act", kind);
    builder.output("y", builder.conv(x, "c", {.out_channels = 4, .bias = true}));
    return builder.build();
}

/// Random weights whose channels differ by up to a hundred times, as those of depthwise networks do.
GraphWithValues uneven(Graph graph, std::uint64_t seed) {
    GraphWithValues network = with_random_values(std::move(graph), seed);
    Random random(seed, 1);
    for (auto& [name, tensor] : network.tensors) {
        const auto channel_size = static_cast<std::size_t>(tensor.count() / tensor.shape[0]);
        double factor = 1;
        for (std::size_t i = 0; i < tensor.data.size(); ++i) {
            if (i % channel_size == 0) factor = std::pow(10, random.uniform(-1, 1));
            tensor.data[i] *= static_cast<float>(factor);
        }
    }
    return network;
}

Numbers random_image(const Graph& graph, std::uint64_t seed) {
    const ValueShape& shape = graph.value(graph.input).shape;
    Random random(seed, 2);
    Numbers image(static_cast<std::size_t>(shape.channels * shape.height * shape.width));
    for (double& number : image) number = random.uniform(-2, 2);
    return image;
}

void expect_same_results(const GraphWithValues& before, const GraphWithValues& after, std::uint64_t seed) {
    const Numbers image = random_image(before.graph, seed);
    const auto expected = ReferenceNetwork(before).run(image), actual = ReferenceNetwork(after).run(image);
    for (const auto& [name, numbers] : expected) {
        double largest = 0;
        for (const double number : numbers) largest = std::max(largest, std::fabs(number));
        ASSERT_EQ(actual.at(name).size(), numbers.size());
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            EXPECT_NEAR(actual.at(name)[i], numbers[i], 1e-5 * largest) << name << " at " << i;
        }
    }
}

/// max |w| over the weights [first, first + count) of a parameter, `stride` apart.
double largest_of(const GraphWithValues& network, const std::string& name, std::size_t first, std::size_t count,
                  std::size_t stride = 1) {
    double largest = 0;
    for (std::size_t i = 0; i < count; ++i) {
        largest = std::max(largest, std::fabs(double{network.tensors.at(name).data[first + i * stride]}));
    }
    return largest;
}

TEST(EqualizationPairs, FindsBothOfATriple) {
    const std::vector<EqualizationPair> pairs = equalization_pairs(triple(Activation::relu), false);
    ASSERT_EQ(pairs.size(), 2U);
    EXPECT_EQ(pairs[0].first, 0);
    EXPECT_EQ(pairs[0].activation, 1);
    EXPECT_EQ(pairs[0].second, 2);
    EXPECT_EQ(pairs[1].first, 2);
    EXPECT_EQ(pairs[1].second, 4);
    const std::vector<EqualizationPair> linear = equalization_pairs(triple(Activation::none), false);
    ASSERT_EQ(linear.size(), 2U);
    EXPECT_EQ(linear[0].activation, -1);
}

TEST(EqualizationPairs, PassesOverOtherActivations) {
    EXPECT_TRUE(equalization_pairs(triple(Activation::relu6), false).empty());
    EXPECT_EQ(equalization_pairs(triple(Activation::relu6), true).size(), 2U);
    EXPECT_TRUE(equalization_pairs(triple(Activation::silu), true).empty());
    EXPECT_TRUE(equalization_pairs(triple(Activation::hard_swish), true).empty());
}

TEST(EqualizationPairs, PassesOverValuesThatOthersReadAndSharedParameters) {
    GraphBuilder builder(4, 4);
    const ValueId read_twice = builder.conv(builder.image(), "a", {.out_channels = 4});
    const ValueId reader = builder.conv(read_twice, "b", {.out_channels = 4});
    builder.output("sum", builder.add(read_twice, reader, "sum"));
    const ValueId is_output = builder.conv(builder.image(), "c", {.out_channels = 4});
    builder.output("c", is_output);
    builder.output("d", builder.conv(is_output, "d", {.out_channels = 4}));
    for (const std::string name : {"e", "f"}) {
        const ValueId own = builder.conv(builder.image(), name, {.out_channels = 4});
        const ValueId shared = builder.conv(own, name + ".shared", {.out_channels = 4, .parameters = "shared"});
        builder.output(name, builder.conv(shared, name + ".last", {.out_channels = 4}));
    }
    EXPECT_TRUE(equalization_pairs(builder.build(), true).empty());
}

TEST(EqualizeLayers, MakesRangesEqual) {
    const GraphWithValues after = equalize_layers(uneven(triple(Activation::relu), 51));
    for (std::size_t c = 0; c < 8; ++c) {
        const double made = largest_of(after, "a.weight", c * 27, 27),
                     through = largest_of(after, "b.weight", c * 9, 9);
        EXPECT_NEAR(made / through, 1, 1e-3) << "channel " << c;
        EXPECT_NEAR(through / largest_of(after, "c.weight", c, 4, 8), 1, 1e-3) << "channel " << c;
    }
}

TEST(EqualizeLayers, ComputesThePapersFactors) {
    GraphBuilder builder(1, 1);
    const ValueId x = builder.conv(builder.image(), "a", {.out_channels = 2, .bias = true});
    builder.output("y", builder.conv(x, "b", {.out_channels = 1, .bias = true}));
    const GraphWithValues before{builder.build(),
                                 {{"a.weight", {{2, 3, 1, 1}, {8, -4, 2, 1, 0, -1}}},
                                  {"a.bias", {{2}, {12, 3}}},
                                  {"b.weight", {{1, 2, 1, 1}, {-0.5F, 9}}},
                                  {"b.bias", {{1}, {5}}}}};
    const GraphWithValues after = equalize_layers(before);
    // Channel 0: r1 = 8, r2 = 0.5, s = sqrt(8 / 0.5) = 4. Channel 1: r1 = 1, r2 = 9, s = 1 / 3. Both ranges: 2 and 3.
    const auto expect_all = [&](const std::string& name, const std::vector<float>& expected) {
        for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_FLOAT_EQ(after.tensors.at(name).data[i], expected[i]);
    };
    expect_all("a.weight", {2, -1, 0.5F, 3, 0, -3});
    expect_all("a.bias", {3, 9});
    expect_all("b.weight", {-2, 3});
    expect_all("b.bias", {5});
}

TEST(EqualizeLayers, KeepsResults) {
    for (std::uint64_t seed = 60; seed < 80; ++seed) {
        const GraphWithValues before = uneven(triple(seed % 2 == 0 ? Activation::relu : Activation::none), seed);
        const GraphWithValues after = equalize_layers(before);
        verify(after.graph);
        EXPECT_EQ(to_json(after.graph), to_json(before.graph));
        EXPECT_NE(after.tensors, before.tensors);
        expect_same_results(before, after, seed);
    }
}

TEST(EqualizeLayers, KeepsResultsOfGroupsStridesAndBlocksWithASum) {
    GraphBuilder builder(8, 6);
    const ValueId stem = builder.activation(
        builder.conv(builder.image(), "stem", {.out_channels = 8, .kernel = 3, .stride = 2, .pad = 1}), "stem.act",
        Activation::relu);
    ValueId x = builder.conv(stem, "wide", {.out_channels = 12, .groups = 4, .bias = true});
    x = builder.activation(x, "wide.act", Activation::relu);
    x = builder.conv(x, "mixed", {.out_channels = 18, .kernel = 3, .pad = 1, .groups = 3});
    x = builder.conv(x, "narrow", {.out_channels = 8, .groups = 2, .bias = true});
    builder.output("y", builder.add(stem, x, "sum"));
    const GraphWithValues before = uneven(builder.build(), 81);
    EXPECT_EQ(equalization_pairs(before.graph, false).size(), 2U) << "the stem's value has two readers";
    const GraphWithValues after = equalize_layers(before);
    expect_same_results(before, after, 81);
    EXPECT_EQ(after.tensors.at("stem.weight"), before.tensors.at("stem.weight"));
    EXPECT_NE(after.tensors.at("mixed.weight"), before.tensors.at("mixed.weight"));
}

TEST(EqualizeLayers, IsIdempotent) {
    for (std::uint64_t seed = 90; seed < 110; ++seed) {
        const GraphWithValues once = equalize_layers(uneven(triple(Activation::relu), seed));
        EXPECT_EQ(equalize_layers(once).tensors, once.tensors) << "seed " << seed;
    }
}

TEST(EqualizeLayers, LeavesDeadChannelsAlone) {
    GraphWithValues before = uneven(triple(Activation::relu), 111);
    for (std::size_t i = 0; i < 9; ++i) before.tensors.at("b.weight").data[i] = 0;
    const GraphWithValues after = equalize_layers(before);
    EXPECT_EQ(after.tensors.at("b.bias").data[0], before.tensors.at("b.bias").data[0]);
    EXPECT_EQ(after.tensors.at("a.weight").data[0], before.tensors.at("a.weight").data[0]);
    for (const auto& [name, tensor] : after.tensors) {
        for (const float number : tensor.data) EXPECT_TRUE(std::isfinite(number)) << name;
    }
    expect_same_results(before, after, 111);
}

TEST(EqualizeLayers, LeavesRelu6UnlessAllowed) {
    const GraphWithValues before = uneven(triple(Activation::relu6), 112);
    const GraphWithValues kept = equalize_layers(before);
    EXPECT_EQ(kept.tensors, before.tensors);
    EXPECT_EQ(to_json(kept.graph), to_json(before.graph));

    const GraphWithValues replaced = equalize_layers(before, {.replace_relu6 = true});
    EXPECT_EQ(to_json(replaced.graph), to_json(triple(Activation::relu)));
    expect_same_results({triple(Activation::relu), before.tensors}, replaced, 112);
}

TEST(EqualizeLayers, TakesEveryOperator) {
    const GraphWithValues before = fold_batch_norm(with_random_values(test::every_operator().build()));
    const GraphWithValues after = equalize_layers(before);
    verify(after.graph);
    // Depthwise and pointwise of trunk.down, and trunk.p3 with the tower that reads it.
    EXPECT_EQ(equalization_pairs(before.graph, false).size(), 2U);
    EXPECT_NE(after.tensors.at("trunk.down.dw.weight"), before.tensors.at("trunk.down.dw.weight"));
    EXPECT_EQ(after.tensors.at("trunk.stem.conv.weight"), before.tensors.at("trunk.stem.conv.weight"));
}

TEST(EqualizeLayers, RefusesMissingAndWrongValues) {
    const GraphWithValues good = uneven(triple(Activation::relu), 113);
    GraphWithValues bad = good;
    bad.tensors.erase("b.weight");
    expect_error<CheckError>([&] { equalize_layers(bad); }, {"b.weight", "no value"});
    bad = good;
    bad.tensors.at("c.bias").data.pop_back();
    expect_error<CheckError>([&] { equalize_layers(bad); }, {"c.bias", "wrong size"});
    bad = good;
    bad.tensors.at("a.weight").data[3] = std::numeric_limits<float>::infinity();
    expect_error<CheckError>([&] { equalize_layers(bad); }, {"a.weight", "not finite"});
}

} // namespace
} // namespace banyan
