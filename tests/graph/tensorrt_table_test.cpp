#include "graph/tensorrt_table.h"

#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builder.h"

namespace banyan {
namespace {

using testing::HasSubstr;

Graph quantised() {
    GraphBuilder b(8, 8);
    const ValueId image = b.fake_quant(b.image(), "image.quant", {0.02, 114});
    const ValueId act = b.activation(b.conv(image, "c", {.out_channels = 4}), "act", Activation::relu);
    const ValueId rounded = b.fake_quant(act, "act.quant", {0.5, 0});
    b.output("y", b.conv(rounded, "last", {.out_channels = 2}));
    b.output("rounded", rounded);
    return b.build();
}

TEST(WithoutFakeQuant, ReadsExactValues) {
    const Graph graph = without_fake_quant(quantised());
    ASSERT_EQ(graph.nodes.size(), 3U);
    for (const Node& node : graph.nodes) EXPECT_FALSE(std::holds_alternative<FakeQuantAttributes>(node.attributes));
    EXPECT_EQ(graph.nodes[0].inputs[0], graph.input);
    EXPECT_EQ(graph.value(graph.nodes[2].inputs[0]).name, "act");
    EXPECT_EQ(graph.value(graph.outputs.at("rounded")).name, "act");
    EXPECT_EQ(graph.parameters.size(), quantised().parameters.size());
}

TEST(TensorRtTable, HoldsAScaleForEachRoundedValue) {
    // 0.02 * (255 - 114) / 127 = 0.0222047 = 0x3cb5e6af; 0.5 * 255 / 127 = 1.003937 = 0x3f808102
    EXPECT_EQ(tensorrt_table(quantised()), "TRT-8601-EntropyCalibration2\n"
                                           "image.normalised: 3cb5e6af\n"
                                           "act: 3f808102\n");
}

TEST(TensorRtTable, NamesOutputsAsTheFileDoes) {
    GraphBuilder b(8, 8);
    const ValueId x = b.conv(b.image(), "x", {.out_channels = 4});
    b.output("seen", x);
    b.output("y", b.conv(b.fake_quant(x, "x.quant", {1, 0}), "last", {.out_channels = 2}));
    EXPECT_THAT(tensorrt_table(b.build()), HasSubstr("seen: "));
}

} // namespace
} // namespace banyan
