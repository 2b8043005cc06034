#include "quant/fake_quant.h"

#include <cmath>

#include <gmock/gmock.h>

#include "core/error.h"
#include "graph/builder.h"
#include "graph/graph_json.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using test::expect_error;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// image -> conv -> relu -> max pool -> conv -> output, with a second output behind the relu.
Graph chain() {
    GraphBuilder b(8, 8);
    const ValueId first = b.conv(b.image(), "first", {.out_channels = 4, .kernel = 3, .pad = 1});
    const ValueId act = b.activation(first, "act", Activation::relu);
    const ValueId pool = b.max_pool(act, "pool", 2, 2, 0);
    b.output("seen", act);
    b.output("y", b.conv(pool, "second", {.out_channels = 2, .bias = true}));
    return b.build();
}

std::vector<std::string> node_names(const Graph& graph) {
    std::vector<std::string> names;
    for (const Node& node : graph.nodes) names.push_back(node.name);
    return names;
}

TEST(QuantizableValues, AreReadByConvolutionsOrCopiedForThem) {
    EXPECT_THAT(quantizable_values(chain()), UnorderedElementsAre("image", "act"));
}

TEST(InsertFakeQuant, RoundsForReadersAndNotForOutputs) {
    const Graph graph = insert_fake_quant(chain(), {{"act", {0.5, 0}}, {"image", {0.1, 128}}});
    EXPECT_THAT(node_names(graph), ElementsAre("image.quant", "first", "act", "act.quant", "pool", "second"));
    EXPECT_EQ(graph.value(graph.producer(graph.find_value("pool").value())->inputs[0]).name, "act.quant");
    EXPECT_EQ(graph.value(graph.outputs.at("seen")).name, "act");
    EXPECT_EQ(graph_from_json(to_json(graph), "copy").nodes.size(), graph.nodes.size());
}

TEST(InsertFakeQuant, ReplacesWhatIsThere) {
    const Graph once = insert_fake_quant(chain(), {{"act", {0.5, 0}}});
    const Graph twice = insert_fake_quant(once, {{"act", {0.25, 3}}});
    EXPECT_EQ(node_names(twice), node_names(once));
    const Node& node = *twice.producer(twice.find_value("act.quant").value());
    EXPECT_EQ(std::get<FakeQuantAttributes>(node.attributes), (FakeQuantAttributes{0.25, 3}));
}

TEST(InsertFakeQuant, RefusesWhatDoesNotFit) {
    expect_error<CheckError>([] { insert_fake_quant(chain(), {{"nose", {1, 0}}}); }, {"nose"});
    expect_error<CheckError>([] { insert_fake_quant(chain(), {{"act", {0, 0}}}); }, {"act.quant", "scale"});
    expect_error<CheckError>([] { insert_fake_quant(chain(), {{"act", {1, 256}}}); }, {"act.quant", "zero_point"});
}

TEST(RoundWeights, PutsEachChannelOnItsGridAndLeavesOthers) {
    const GraphWithValues network = test::with_random_values(insert_fake_quant(chain(), {{"act", {0.5, 0}}}));
    const GraphWithValues rounded = round_weights(network);
    EXPECT_EQ(rounded.tensors.at("first.weight"), network.tensors.at("first.weight")); // reads the picture as it is
    const HostTensor &before = network.tensors.at("second.weight"), &after = rounded.tensors.at("second.weight");
    for (std::size_t channel = 0; channel < 2; ++channel) {
        float largest = 0;
        for (std::size_t i = 0; i < 4; ++i) largest = std::max(largest, std::abs(before.data[channel * 4 + i]));
        for (std::size_t i = 0; i < 4; ++i) {
            const float step = largest / 127, number = after.data[channel * 4 + i] / step;
            EXPECT_NEAR(number, std::round(number), 1e-4F);
            EXPECT_LE(std::abs(after.data[channel * 4 + i] - before.data[channel * 4 + i]), step * 0.5001F);
        }
    }
    EXPECT_EQ(rounded.tensors.at("second.bias"), network.tensors.at("second.bias"));
}

} // namespace
} // namespace banyan
