#include "graph/graph_json.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using test::every_operator;

std::string good_text() { return to_json(every_operator().build()); }

/// The text with its first `from` replaced by `to`.
std::string changed(const std::string& from, const std::string& to) {
    std::string text = good_text();
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

std::string changed_everywhere(const std::string& from, const std::string& to) {
    std::string text = good_text();
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

void expect_refused(const std::string& text, const std::vector<std::string>& words) {
    expect_error<ModelFileError>([&] { graph_from_json(text, "model.safetensors"); }, words);
}

TEST(GraphJson, RoundTripGivesTheSameText) {
    const std::string text = good_text();
    EXPECT_EQ(to_json(graph_from_json(text, "x")), text);
}

TEST(GraphJson, RoundTripKeepsIdsShapesAndStartValues) {
    const Graph graph = every_operator().build();
    const Graph read = graph_from_json(to_json(graph), "x");
    EXPECT_EQ(read.input, graph.input);
    EXPECT_EQ(read.outputs, graph.outputs);
    ASSERT_EQ(read.nodes.size(), graph.nodes.size());
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
        EXPECT_EQ(read.nodes[n].inputs, graph.nodes[n].inputs);
        EXPECT_EQ(read.nodes[n].output, graph.nodes[n].output);
        EXPECT_EQ(read.nodes[n].attributes.index(), graph.nodes[n].attributes.index());
    }
    for (std::size_t v = 0; v < graph.values.size(); ++v) {
        EXPECT_EQ(read.values[v].name, graph.values[v].name);
        EXPECT_EQ(read.values[v].shape, graph.values[v].shape);
        EXPECT_EQ(read.values[v].producer, graph.values[v].producer);
    }
    EXPECT_EQ(read.parameters.at("branches.face.cls.bias").init_value, -4.6);
    EXPECT_EQ(read.parameters.at("branches.face.cls.weight").init_std, 0.01);
}

TEST(GraphJson, WritesNumbersThatReadBackExactly) {
    GraphBuilder builder(8, 8);
    builder.batch_norm(builder.image(), "norm", {0.1 + 0.2, ""});
    const Graph read = graph_from_json(to_json(builder.build()), "x");
    EXPECT_EQ(std::get<BatchNormAttributes>(read.nodes[0].attributes).eps, 0.1 + 0.2);
}

TEST(GraphJson, KeepsPatternsOfStartValues) {
    GraphBuilder builder(8, 8);
    builder.conv(builder.image(), "a", {.out_channels = 4, .bias = true}, {0, 0, {0.1, -2}});
    const std::string text = to_json(builder.build());
    EXPECT_EQ(graph_from_json(text, "x").parameters.at("a.bias").init_pattern, (std::vector<double>{0.1, -2}));
    EXPECT_EQ(good_text().find("init_pattern"), std::string::npos); // only where there is one
}

TEST(GraphJson, KeepsDilationsAndChosenChannels) {
    const Graph read = graph_from_json(good_text(), "x");
    const auto node = [&](const std::string& name) { return *read.producer(read.find_value(name).value()); };
    EXPECT_EQ(std::get<ConvAttributes>(node("branches.parts.wide").attributes).dilation, 2);
    EXPECT_EQ(std::get<ConvAttributes>(node("trunk.p3").attributes).dilation, 1);
    EXPECT_EQ(std::get<SelectChannelsAttributes>(node("branches.parts.shuffle").attributes).channels,
              (std::vector<std::int64_t>{0, 4, 1, 5, 2, 6, 3, 7}));
    expect_refused(changed("\"dilation\":2", "\"dilation\":0"), {"/dilation", "found 0"});
    expect_refused(changed("\"channels\":[0,4", "\"channels\":[0,8"), {"branches.parts.shuffle", "a channel 8"});
    expect_refused(changed("\"channels\":[0,4", "\"channels\":[-1,4"), {"/channels"});
}

TEST(GraphJson, RefusesWhatIsNoJsonObject) {
    expect_refused("", {"model.safetensors"});
    expect_refused("[]", {"object"});
    expect_refused(good_text() + "}", {"model.safetensors"});
    expect_refused(good_text().substr(0, 500), {"model.safetensors"});
}

TEST(GraphJson, RefusesANewerVersion) {
    expect_refused(changed("\"schema_version\":1", "\"schema_version\":2"), {"/schema_version", "newer", "found 2"});
}

TEST(GraphJson, RefusesUnknownMissingAndRepeatedKeys) {
    expect_refused(changed("\"stride\":2", "\"strides\":2"), {"/nodes/0/stride", "missing"});
    expect_refused(changed("\"stride\":2", "\"stride\":2,\"dilatation\":1"), {"/nodes/0/dilatation", "unknown key"});
    expect_refused(changed("\"stride\":2", "\"stride\":2,\"stride\":2"), {"/nodes/0/stride", "duplicate"});
    expect_refused(changed("\"init_std\":0.0", "\"init_std\":0.0,\"x\":0"), {"/parameters/0/x", "unknown key"});
    expect_refused(changed("\"outputs\"", "\"results\""), {"/outputs", "missing"});
    expect_refused(changed("\"image\"", "\"extra\":0,\"image\""), {"/extra", "unknown key"});
}

TEST(GraphJson, RefusesWrongTypesAndRanges) {
    expect_refused(changed("\"kernel\":3", "\"kernel\":3.0"), {"/nodes/0/kernel", "integer"});
    expect_refused(changed("\"kernel\":3", "\"kernel\":0"), {"/nodes/0/kernel", "found 0"});
    expect_refused(changed("\"kernel\":3", "\"kernel\":4294967299"), {"/nodes/0/kernel"});
    expect_refused(changed("\"bias\":false", "\"bias\":0"), {"/nodes/0/bias", "true or false"});
    expect_refused(changed("[3,32,48]", "[3,32]"), {"/image", "a list of 2"});
    expect_refused(changed("\"shape\":[8,16,24]", "\"shape\":[8,16,24,1]"), {"/nodes/0/shape", "a list of 4"});
}

TEST(GraphJson, RefusesUnknownNames) {
    expect_refused(changed("\"conv2d\"", "\"conv2\""), {"/nodes/0/op", "did you mean \"conv2d\"?"});
    expect_refused(changed("\"kind\":\"relu\"", "\"kind\":\"gelu\""), {"/kind", "gelu"});
    expect_refused(changed("\"symmetric\"", "\"valid\""), {"/padding", "valid"});
    expect_refused(changed("\"role\":\"bias\"", "\"role\":\"biased\""), {"/role", "biased"});
    expect_refused(changed("\"inputs\":[\"image\"]", "\"inputs\":[\"trunk.sum\"]"), {"/nodes/0/inputs", "trunk.sum"});
    expect_refused(changed("\"pose.logits\":\"branches.pose.sigmoid\"", "\"pose.logits\":\"nothing\""),
                   {"/outputs/pose.logits", "nothing"});
}

TEST(GraphJson, RefusesGraphsThatTheVerifierRefuses) {
    expect_refused(changed("\"shape\":[8,16,24]", "\"shape\":[8,16,25]"), {"node trunk.stem.conv", "expected shape"});
    expect_refused(changed_everywhere("\"trunk.stem.act\"", "\"trunk.stem.bn\""), {"trunk.stem.bn", "used twice"});
    expect_refused(changed("{\"name\":\"trunk.p3.bias\"", "{\"name\":\"trunk.p5.bias\""), {"trunk.p3.bias", "missing"});
    expect_refused(changed("{\"name\":\"trunk.p3.bias\"", "{\"name\":\"trunk.p3.weight\""), {"stands there twice"});
    expect_refused(changed("[3,32,48]", "[4,32,48]"), {"channels"});
    expect_refused(changed("[3,32,48]", "[3,32,1000000]"), {"too large"});
}

TEST(GraphJson, EveryChangedByteIsReadAsAGoodGraphOrRefused) {
    const std::string good = good_text();
    Random random(20);
    for (int round = 0; round < 200; ++round) {
        std::string text = good;
        const auto at = static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(text.size()) - 1));
        text[at] = static_cast<char>(random.integer(0, 255));
        try {
            EXPECT_EQ(graph_from_json(text, "x").input, 0);
        } catch (const ModelFileError&) {
            continue; // any other exception fails the test
        }
    }
}

TEST(GraphJson, WriterRefusesABrokenGraphAndNamesThatAreNotUtf8) {
    Graph graph = every_operator().build();
    graph.values[1].shape.height += 1;
    EXPECT_THROW(to_json(graph), CheckError);

    GraphBuilder builder(8, 8);
    builder.activation(builder.image(), "caf\xe9", Activation::relu);
    expect_error<CheckError>([&] { to_json(builder.build()); }, {"UTF-8"});
}

} // namespace
} // namespace banyan
