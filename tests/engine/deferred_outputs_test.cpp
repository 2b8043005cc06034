#include "engine/deferred_outputs.h"

#include <cmath>

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/random.h"
#include "engine/engine.h"
#include "graph/builder.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr std::int64_t kSide = 16;

ConvAttributes pointwise(std::int64_t channels, const std::string& parameters) {
    return {.out_channels = channels, .bias = true, .parameters = parameters};
}

/// A shared layer with two outputs behind it, one of them scaled, and a third that is no 1x1 convolution's.
GraphBuilder small_head() {
    GraphBuilder b(kSide, kSide);
    ConvAttributes tower{.out_channels = 24, .kernel = 3, .stride = 2, .pad = 1, .bias = true};
    const ValueId features = b.activation(b.conv(b.image(), "tower", tower), "act", Activation::relu);
    b.output("cls", b.conv(features, "cls", pointwise(2, "c")));
    b.output("box", b.scale(b.conv(features, "box", pointwise(20, "b")), "box_scale"));
    b.output("wide", b.conv(features, "wide", tower));
    return b;
}

HostTensors drawn_parameters(const Graph& graph) {
    HostTensors tensors;
    Random random(3);
    for (const auto& [name, parameter] : graph.parameters) {
        HostTensor& tensor = tensors[name];
        tensor.shape = parameter.shape;
        std::int64_t count = 1;
        for (const std::int64_t extent : parameter.shape) count *= extent;
        for (std::int64_t i = 0; i < count; ++i) tensor.data.push_back(static_cast<float>(random.uniform(-0.5, 0.5)));
    }
    return tensors;
}

std::vector<std::uint8_t> drawn_pixels(std::int64_t batch) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(batch * kSide * kSide * 3));
    Random random(4);
    for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random.integer(0, 255));
    return pixels;
}

TEST(DeferOutputs, CutsPointwiseConvolutionsWithTheirScales) {
    const Graph graph = small_head().build();
    const DeferredGraph cut = defer_outputs(graph, {"box", "cls", "wide"});
    EXPECT_THAT(cut.outputs, ElementsAre(Pair("box", testing::_), Pair("cls", testing::_)));
    const DeferredOutput& box = cut.outputs.at("box");
    EXPECT_EQ(box.convolution, "b");
    EXPECT_TRUE(box.bias);
    EXPECT_EQ(box.scale, "box_scale");
    EXPECT_EQ(box.shape, (ValueShape{20, kSide / 2, kSide / 2}));
    EXPECT_EQ(cut.graph.value(cut.graph.outputs.at("box")).name, "act");
    EXPECT_EQ(cut.graph.nodes.size(), 3U); // tower, activation, wide
    EXPECT_FALSE(cut.graph.parameters.contains("b.weight"));
}

TEST(DeferOutputs, LeavesWhatIsReadElsewhereOrStandsOnThePicture) {
    GraphBuilder b(kSide, kSide);
    b.output("first", b.conv(b.image(), "first", pointwise(3, "f")));
    const ValueId features = b.conv(b.image(), "features", {.out_channels = 8});
    const ValueId read = b.conv(features, "read", pointwise(8, "r"));
    b.output("read", read);
    b.output("behind", b.activation(read, "act", Activation::relu));
    EXPECT_THAT(defer_outputs(b.build(), {"first", "read", "behind"}).outputs, IsEmpty());
}

TEST(DeferOutputs, RefusesUnknownNames) { EXPECT_THROW(defer_outputs(small_head().build(), {"boxes"}), CheckError); }

/// Largest distance of any cell's numbers from those of an engine that computes the whole output.
double worst_distance(const Graph& graph, const HostTensors& tensors, NumberType precision) {
    const auto network = std::make_shared<PackedNetwork>(GraphWithValues{graph, tensors});
    EngineOptions options;
    options.batch = 2;
    options.precision = precision;
    options.std = {64, 64, 64};
    Engine whole(network, options);
    options.deferred = {"box"};
    Engine deferring(network, options);
    const std::vector<std::uint8_t> pixels = drawn_pixels(options.batch);
    whole.run(pixels.data());
    deferring.run(pixels.data());
    EXPECT_LT(deferring.steps().size(), whole.steps().size());
    EXPECT_THROW(deferring.output("box"), CheckError);

    const OutputCells expected = whole.cells("box"), found = deferring.cells("box");
    EXPECT_FALSE(expected.is_deferred());
    EXPECT_TRUE(found.is_deferred());
    EXPECT_EQ(found.channels(), expected.channels());
    std::vector<float> a(expected.channels()), b(found.channels());
    double worst = 0;
    for (std::size_t cell = 0; cell < static_cast<std::size_t>(2 * kSide * kSide / 4); ++cell) {
        expected.read(cell, a.data());
        found.read(cell, b.data());
        for (std::size_t i = 0; i < a.size(); ++i) {
            worst = std::max(worst, std::abs(double{a[i]} - double{b[i]}));
        }
    }
    return worst;
}

TEST(DeferredOutputs, HoldWhatTheWholeOutputHolds) {
    const Graph graph = small_head().build();
    const HostTensors tensors = drawn_parameters(graph);
    EXPECT_LT(worst_distance(graph, tensors, NumberType::f32), 1e-5);
    EXPECT_LT(worst_distance(graph, tensors, NumberType::bf16), 0.02); // its weights are rounded there
}

TEST(DeferredOutputs, HoldWhatEightBitKernelsCompute) {
    GraphBuilder b(kSide, kSide);
    const ValueId image = b.fake_quant(b.image(), "image.quant", {2.0 / 64, 0});
    const ValueId act = b.activation(b.conv(image, "tower", {.out_channels = 24, .kernel = 3, .stride = 2, .pad = 1}),
                                     "act", Activation::relu);
    const ValueId rounded = b.fake_quant(act, "act.quant", {0.05, 3});
    b.output("cls", b.conv(rounded, "cls", pointwise(2, "c")));
    b.output("box", b.scale(b.conv(rounded, "box", pointwise(20, "b")), "box_scale"));
    const Graph graph = b.build();
    HostTensors tensors = drawn_parameters(graph);
    for (auto& [name, tensor] : tensors) { // to the steps of their channels, as quantised models have them
        if (!name.ends_with(".weight")) continue;
        const std::size_t each = tensor.data.size() / static_cast<std::size_t>(tensor.shape[0]);
        for (std::size_t first = 0; first < tensor.data.size(); first += each) {
            float largest = 0;
            for (std::size_t i = first; i < first + each; ++i) largest = std::max(largest, std::abs(tensor.data[i]));
            const float step = largest / 127;
            for (std::size_t i = first; i < first + each; ++i) {
                tensor.data[i] = std::nearbyint(tensor.data[i] / step) * step;
            }
        }
    }
    EXPECT_LT(worst_distance(graph, tensors, NumberType::f32), 1e-4);
}

} // namespace
} // namespace banyan
