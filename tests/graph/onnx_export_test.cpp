#include "graph/onnx_export.h"

#include <algorithm>
#include <cstring>

#include <gmock/gmock.h>

#include "core/error.h"
#include "graph/pass_list.h"
#include "graph/quantized_weight.h"
#include "graph/rebuild.h"
#include "tests/graph/protobuf_message.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using test::expect_error;
using test::ProtobufMessage;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

using Integers = std::vector<std::int64_t>;

/// What a test asks of an exported file; the numbers are those of onnx.proto.
class Exported {
public:
    Exported(const GraphWithValues& network, const OnnxExportOptions& options = {})
        : model(to_onnx(network, options)), graph(model.message(7)) {}

    std::vector<std::string> node_types() const {
        std::vector<std::string> types;
        for (const ProtobufMessage& node : graph.messages(1)) types.push_back(node.text(4));
        return types;
    }
    ProtobufMessage node(const std::string& name) const { return named(graph.messages(1), 3, name); }
    ProtobufMessage attribute(const std::string& of, const std::string& name) const {
        return named(node(of).messages(5), 1, name);
    }
    ProtobufMessage initializer(const std::string& name) const { return named(graph.messages(5), 8, name); }
    std::vector<float> floats(const std::string& name) const {
        EXPECT_EQ(initializer(name).integer(2), 1) << name << " is not float32";
        return raw<float>(name);
    }
    Integers integers(const std::string& name) const {
        EXPECT_EQ(initializer(name).integer(2), 7) << name << " is not int64";
        return raw<std::int64_t>(name);
    }
    std::vector<std::int8_t> signed_bytes(const std::string& name) const {
        EXPECT_EQ(initializer(name).integer(2), 3) << name << " is not int8";
        return raw<std::int8_t>(name);
    }
    /// Names with shapes of inputs (11), outputs (12), other values (13).
    std::map<std::string, Integers> shapes(int field) const {
        std::map<std::string, Integers> all;
        for (const ProtobufMessage& value : graph.messages(field)) {
            const ProtobufMessage type = value.message(2).message(1);
            EXPECT_EQ(type.integer(1), 1) << "not float32";
            Integers& shape = all[value.text(1)];
            for (const ProtobufMessage& extent : type.message(2).messages(1)) shape.push_back(extent.integer(1));
        }
        return all;
    }

    ProtobufMessage model, graph;

private:
    static ProtobufMessage named(const std::vector<ProtobufMessage>& list, int field, const std::string& name) {
        const auto is_named = [&](const ProtobufMessage& message) { return message.text(field) == name; };
        const auto found = std::find_if(list.begin(), list.end(), is_named);
        if (found == list.end()) throw std::runtime_error("nothing is named " + name);
        EXPECT_EQ(std::count_if(list.begin(), list.end(), is_named), 1) << name;
        return *found;
    }
    template <typename Number>
    std::vector<Number> raw(const std::string& name) const {
        const std::string bytes = initializer(name).text(9);
        std::vector<Number> numbers(bytes.size() / sizeof(Number));
        std::memcpy(numbers.data(), bytes.data(), bytes.size());
        return numbers;
    }
};

/// One convolution of a 4 x 6 picture with relu6, as output "y".
GraphWithValues small_network() {
    GraphBuilder builder(4, 6);
    ConvAttributes conv{.out_channels = 2, .kernel = 3, .stride = 2, .bias = true};
    conv.padding = Padding::same_tf;
    const ValueId made = builder.conv(builder.image(), "stem", conv);
    builder.output("y", builder.activation(made, "act", Activation::relu6));
    return test::with_random_values(builder.build());
}

/// A network of one operator on the picture, with random values.
template <typename Append>
GraphWithValues network_of(const Append& append) {
    GraphBuilder builder(8, 12);
    builder.output("y", append(builder));
    return test::with_random_values(builder.build());
}

TEST(ToOnnx, WritesTheHeader) {
    OnnxExportOptions options;
    options.producer_version = "1.2.3";
    options.metadata = {{"a", "1"}, {"b", "two"}};
    const Exported file(small_network(), options);
    EXPECT_EQ(file.model.integer(1), 8); // IR version
    EXPECT_EQ(file.model.text(2), "banyan");
    EXPECT_EQ(file.model.text(3), "1.2.3");
    EXPECT_EQ(file.model.message(8).text(1), "");
    EXPECT_EQ(file.model.message(8).integer(2), 17);
    EXPECT_EQ(file.graph.text(2), "banyan");
    std::map<std::string, std::string> metadata;
    for (const ProtobufMessage& entry : file.model.messages(14)) metadata[entry.text(1)] = entry.text(2);
    EXPECT_EQ(metadata, options.metadata);
}

TEST(ToOnnx, NormalisesThePicture) {
    OnnxExportOptions options;
    options.mean = {10, 20, 30};
    options.std = {2, 4, 5};
    const Exported file(small_network(), options);
    EXPECT_THAT(file.node_types(), ElementsAre("Mul", "Add", "Conv", "Clip"));
    EXPECT_THAT(file.node("normalise.mul").texts(1), ElementsAre("image", "normalise.factor"));
    EXPECT_EQ(file.initializer("normalise.factor").integers(1), (Integers{1, 3, 1, 1}));
    EXPECT_THAT(file.floats("normalise.factor"), ElementsAre(0.5F, 0.25F, 0.2F));
    EXPECT_THAT(file.floats("normalise.offset"), ElementsAre(-5.0F, -5.0F, -6.0F));
    EXPECT_EQ(file.node("stem").texts(1).front(), file.node("normalise.add").text(2));
}

TEST(ToOnnx, WritesConvolutionsWithTheirPixelsOfPadding) {
    const GraphWithValues network = small_network();
    const Exported file(network);
    EXPECT_EQ(file.attribute("stem", "kernel_shape").integers(8), (Integers{3, 3}));
    EXPECT_EQ(file.attribute("stem", "kernel_shape").integer(20), 7); // INTS
    EXPECT_EQ(file.attribute("stem", "strides").integers(8), (Integers{2, 2}));
    // TensorFlow's "SAME": 4 x 6 gives 2 x 3; (2 - 1) * 2 + 3 - 4 = 1 row and one column, after the picture.
    EXPECT_EQ(file.attribute("stem", "pads").integers(8), (Integers{0, 0, 1, 1}));
    EXPECT_EQ(file.attribute("stem", "group").integer(3), 1);
    EXPECT_EQ(file.attribute("stem", "group").integer(20), 2); // INT
    EXPECT_THAT(file.node("stem").texts(1), Contains("stem.weight"));
    EXPECT_EQ(file.initializer("stem.weight").integers(1), (Integers{2, 3, 3, 3}));
    EXPECT_EQ(file.floats("stem.weight"), network.tensors.at("stem.weight").data);
    EXPECT_EQ(file.floats("stem.bias"), network.tensors.at("stem.bias").data);
    EXPECT_THAT(file.floats("relu6.high"), ElementsAre(6.0F));
    EXPECT_THAT(file.initializer("relu6.high").integers(1), IsEmpty());
}

TEST(ToOnnx, DeclaresWholeShapes) {
    OnnxExportOptions options;
    const Exported file(small_network());
    EXPECT_EQ(file.shapes(11), (std::map<std::string, Integers>{{"image", {1, 3, 4, 6}}}));
    EXPECT_EQ(file.shapes(12), (std::map<std::string, Integers>{{"y", {1, 2, 2, 3}}}));
    EXPECT_EQ(file.shapes(13).at("stem"), (Integers{1, 2, 2, 3}));
    options.batch = 5;
    options.height = 16;
    const Exported larger(small_network(), options);
    EXPECT_EQ(larger.shapes(11), (std::map<std::string, Integers>{{"image", {5, 3, 16, 6}}}));
    EXPECT_EQ(larger.shapes(12), (std::map<std::string, Integers>{{"y", {5, 2, 8, 3}}}));
}

TEST(ToOnnx, WritesGroupNormsAsInstanceNorms) {
    const Exported file(network_of([](GraphBuilder& builder) {
        const ValueId eight = builder.conv(builder.image(), "c", {.out_channels = 8});
        return builder.group_norm(eight, "gn", {.groups = 4, .eps = 0.5});
    }));
    EXPECT_THAT(file.node_types(),
                ElementsAre("Mul", "Add", "Conv", "Reshape", "InstanceNormalization", "Reshape", "Mul", "Add"));
    EXPECT_EQ(file.integers("gn.group_shape"), (Integers{1, 4, -1}));
    EXPECT_EQ(file.integers("gn.shape"), (Integers{1, 8, 8, 12}));
    EXPECT_EQ(file.attribute("gn.normalised", "epsilon").real(2), 0.5F);
    EXPECT_THAT(file.floats("group_norm.ones"), ElementsAre(1, 1, 1, 1));
    EXPECT_EQ(file.initializer("gn.weight").integers(1), (Integers{1, 8, 1, 1}));
    EXPECT_EQ(file.node("gn").text(4), "Add");
    EXPECT_EQ(file.node("gn").text(2), "y");
}

TEST(ToOnnx, WritesPoolings) {
    const Exported average(
        network_of([](GraphBuilder& builder) { return builder.average_pool(builder.image(), "pool", 3, 2, 1); }));
    EXPECT_EQ(average.node("pool").text(4), "AveragePool");
    EXPECT_EQ(average.attribute("pool", "count_include_pad").integer(3), 1);
    EXPECT_EQ(average.attribute("pool", "pads").integers(8), (Integers{1, 1, 1, 1}));
    const Exported max(
        network_of([](GraphBuilder& builder) { return builder.max_pool(builder.image(), "pool", 3, 2, 1); }));
    EXPECT_EQ(max.node("pool").text(4), "MaxPool");
    EXPECT_EQ(max.node("pool").count(5), 3U);
}

TEST(ToOnnx, WritesLinearLayersAsConvolutions) {
    const GraphWithValues network = network_of([](GraphBuilder& builder) {
        return builder.linear(builder.global_average_pool(builder.image(), "pool"), "fc", {.out_features = 5});
    });
    const Exported file(network);
    EXPECT_EQ(file.node("fc").text(4), "Conv");
    EXPECT_EQ(file.initializer("fc.weight").integers(1), (Integers{5, 3, 1, 1}));
    EXPECT_EQ(file.floats("fc.weight"), network.tensors.at("fc.weight").data);
}

TEST(ToOnnx, EnlargesByResize) {
    const Exported file(network_of([](GraphBuilder& builder) {
        const ValueId small = builder.max_pool(builder.image(), "pool", 2, 2, 0);
        return builder.upsample_like(small, builder.image(), "up");
    }));
    EXPECT_EQ(file.node("up").text(4), "Resize");
    EXPECT_THAT(file.node("up").texts(1), ElementsAre("pool", "", "", "up.size"));
    EXPECT_EQ(file.integers("up.size"), (Integers{1, 3, 8, 12}));
    EXPECT_EQ(file.attribute("up", "mode").text(4), "nearest");
    EXPECT_EQ(file.attribute("up", "mode").integer(20), 3); // STRING
    EXPECT_EQ(file.attribute("up", "coordinate_transformation_mode").text(4), "asymmetric");
    EXPECT_EQ(file.attribute("up", "nearest_mode").text(4), "floor");
}

TEST(ToOnnx, EnlargesByIndicesWhereResizeWouldRound) {
    // 10 rows to 4: scale 2.5, and row 5 falls on row 2 exactly. Of the 16 columns 8 are left.
    GraphBuilder builder(10, 16);
    const ValueId small = builder.max_pool(builder.image(), "pool", 4, 2, 0);
    builder.output("y", builder.upsample_like(small, builder.image(), "up"));
    const Exported file(test::with_random_values(builder.build()));
    EXPECT_EQ(file.integers("up.row_indices"), (Integers{0, 0, 0, 1, 1, 2, 2, 2, 3, 3}));
    EXPECT_EQ(file.node("up").text(4), "Gather");
    EXPECT_EQ(file.attribute("up.rows", "axis").integer(3), 2);
    EXPECT_EQ(file.attribute("up", "axis").integer(3), 3);
    EXPECT_EQ(file.shapes(12).at("y"), (Integers{1, 3, 10, 16}));
}

TEST(ToOnnx, WritesDilationsWhereThereAreAny) {
    const Exported file(test::with_random_values(test::every_operator().build()));
    EXPECT_EQ(file.attribute("branches.parts.wide", "dilations").integers(8), (Integers{2, 2}));
    EXPECT_THROW(file.attribute("trunk.p3", "dilations"), std::runtime_error);
    EXPECT_EQ(file.integers("branches.parts.shuffle.channels"), (Integers{0, 4, 1, 5, 2, 6, 3, 7}));
    EXPECT_EQ(file.attribute("branches.parts.softmax", "axis").integer(3), 1);
}

TEST(ToOnnx, WritesEveryOperatorAndSharedParametersOnce) {
    const GraphWithValues network = test::with_random_values(test::every_operator().build());
    const Exported file(network);
    for (const char* type :
         {"Conv", "BatchNormalization", "Relu", "Sigmoid", "Add", "Concat", "Mul", "MaxPool", "AveragePool",
          "GlobalAveragePool", "Resize", "InstanceNormalization", "Reshape", "Gather", "Softmax"}) {
        EXPECT_THAT(file.node_types(), Contains(type));
    }
    for (const auto& [name, tensor] : network.tensors) EXPECT_EQ(file.floats(name), tensor.data);
    EXPECT_EQ(file.node("branches.face.cls.p3").texts(1)[1], "branches.face.cls.weight");
    EXPECT_EQ(file.node("branches.face.cls.p4").texts(1)[1], "branches.face.cls.weight");
    EXPECT_EQ(file.shapes(12).size(), network.graph.outputs.size());
    for (const Node& node : network.graph.nodes) EXPECT_EQ(file.node(node.name).count(2), 1U);
}

/// The graph with a fake_quant behind a value, "<value>.quant", for one of its readers.
Graph with_rounding(Graph graph, const std::string& value, const std::string& reader,
                    const FakeQuantAttributes& attributes) {
    const ValueId exact = graph.find_value(value).value(), bytes = static_cast<ValueId>(graph.values.size());
    const std::string name = value + ".quant";
    graph.values.push_back({name, graph.value(exact).shape, -1});
    const auto place =
        std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) { return node.name == reader; });
    place->inputs[0] = bytes;
    graph.nodes.insert(place, {name, attributes, {exact}, bytes});
    return rebuild(graph, graph.nodes, graph.outputs);
}

/// Two convolutions of one weight, "exact" of the picture and "rounded" of its bytes, and a linear layer behind a max
/// pooling of bytes.
GraphWithValues rounded_network() {
    GraphBuilder builder(8, 8);
    ConvAttributes conv{.out_channels = 2, .bias = true};
    conv.parameters = "shared";
    builder.output("exact", builder.conv(builder.image(), "exact.conv", conv));
    const ValueId made = builder.conv(builder.max_pool(builder.image(), "half", 2, 2, 0), "rounded.conv", conv);
    builder.output("rounded", made);
    const ValueId pooled = builder.max_pool(made, "pool", 4, 4, 0);
    builder.output("y", builder.linear(pooled, "fc", {.out_features = 4}));
    Graph graph = with_rounding(builder.build(), "half", "rounded.conv", {0.5, 2});
    graph = with_rounding(std::move(graph), "rounded.conv", "pool", {0.25, 0});
    return test::with_random_values(std::move(graph));
}

TEST(ToOnnx, WritesWeightsThatMeetBytesInEightBits) {
    const GraphWithValues network = rounded_network();
    const Exported file(network);
    const QuantizedWeight weight = quantize_weight("shared", network.tensors.at("shared.weight"));
    const std::vector<std::string> inputs = file.node("rounded.conv").texts(1);
    ASSERT_EQ(inputs.size(), 3U);
    EXPECT_EQ(inputs[0], "half.quant");
    EXPECT_EQ(inputs[2], "shared.bias");
    const ProtobufMessage restored = file.node(inputs[1]);
    EXPECT_EQ(restored.text(4), "DequantizeLinear");
    EXPECT_EQ(file.attribute(inputs[1], "axis").integer(3), 0);
    const std::vector<std::string> stored = restored.texts(1);
    ASSERT_EQ(stored.size(), 3U);
    EXPECT_EQ(file.signed_bytes(stored[0]), weight.data);
    EXPECT_EQ(file.initializer(stored[0]).integers(1), (Integers{2, 3, 1, 1}));
    EXPECT_EQ(file.floats(stored[1]), weight.scales);
    EXPECT_EQ(file.signed_bytes(stored[2]), (std::vector<std::int8_t>{0, 0}));
    EXPECT_EQ(file.floats("shared.bias"), network.tensors.at("shared.bias").data);
    EXPECT_EQ(file.floats(file.node("exact.conv").texts(1)[1]), network.tensors.at("shared.weight").data);

    const ProtobufMessage linear = file.node(file.node("fc").texts(1)[1]); // max pooling copies bytes
    EXPECT_EQ(linear.text(4), "DequantizeLinear");
    EXPECT_EQ(file.initializer(linear.texts(1)[0]).integers(1), (Integers{4, 2, 1, 1}));
}

TEST(ToOnnx, TakesAFourthOfTheBytesForWeightsInEightBits) {
    GraphBuilder builder(8, 8);
    const ConvAttributes wide{.out_channels = 64, .kernel = 3, .pad = 1};
    const ValueId first = builder.conv(builder.image(), "first", wide);
    builder.output("y", builder.conv(first, "second", wide));
    Graph graph = builder.build();
    const std::size_t in_floats = to_onnx(test::with_random_values(graph), {}).size();
    graph = with_rounding(std::move(graph), "first", "second", {0.1, 128});
    const std::size_t in_bytes = to_onnx(test::with_random_values(graph), {}).size();
    EXPECT_GT(in_floats - in_bytes, 3U * 64 * 64 * 9 - 2000); // but for scales and three operators more
}

TEST(ToOnnx, WritesEachActivation) {
    const std::vector<std::pair<Activation, std::string>> types{{Activation::relu, "Relu"},
                                                                {Activation::relu6, "Clip"},
                                                                {Activation::silu, "Mul"},
                                                                {Activation::hard_swish, "HardSwish"},
                                                                {Activation::sigmoid, "Sigmoid"}};
    for (const auto& [kind, type] : types) {
        const Exported file(network_of(
            [kind = kind](GraphBuilder& builder) { return builder.activation(builder.image(), "act", kind); }));
        EXPECT_EQ(file.node("act").text(4), type);
    }
}

TEST(ToOnnx, GivesThePictureAndOneValueTwiceAsOutputs) {
    GraphBuilder builder(4, 6);
    const ValueId made = builder.activation(builder.image(), "act", Activation::relu);
    builder.output("first", made);
    builder.output("picture", builder.image());
    builder.output("second", made);
    const Exported file(test::with_random_values(builder.build()));
    EXPECT_THAT(file.node_types(), ElementsAre("Mul", "Add", "Relu", "Identity"));
    EXPECT_EQ(file.node("normalise.add").text(2), "picture");
    EXPECT_EQ(file.node("act").text(2), "first");
    EXPECT_THAT(file.node("second").texts(1), ElementsAre("first"));
    EXPECT_EQ(file.shapes(12).size(), 3U);
}

TEST(ToOnnx, KeepsNamesApart) {
    GraphBuilder builder(4, 6);
    const ValueId a = builder.activation(builder.image(), "a", Activation::relu);
    const ValueId b = builder.activation(a, "b", Activation::sigmoid);
    builder.output("a", b); // the name of another value
    const Exported file(test::with_random_values(builder.build()));
    EXPECT_EQ(file.node("a").text(2), "a_");
    EXPECT_THAT(file.node("b").texts(1), ElementsAre("a_"));
    EXPECT_EQ(file.node("b").text(2), "a");
}

TEST(ToOnnx, RefusesWhatDoesNotFit) {
    OnnxExportOptions options;
    options.batch = 0;
    expect_error<CheckError>([&] { to_onnx(small_network(), options); }, {"batch", "0"});
    options = {};
    options.std[1] = 0;
    expect_error<CheckError>([&] { to_onnx(small_network(), options); }, {"standard deviation"});
    options = {};
    options.width = -1;
    expect_error<CheckError>([&] { to_onnx(small_network(), options); }, {"width", "-1"});
    options.width = 1; // too small for the pooling
    expect_error<Error>([&] { to_onnx(test::with_random_values(test::every_operator().build()), options); },
                        {"trunk.pool"});

    GraphWithValues network = small_network();
    network.tensors.at("stem.bias").data.pop_back();
    expect_error<CheckError>([&] { to_onnx(network, {}); }, {"stem", "stem.bias", "size"});
    network.tensors.erase("stem.bias");
    expect_error<CheckError>([&] { to_onnx(network, {}); }, {"stem", "stem.bias", "no value"});
    network = small_network();
    network.graph.outputs["image"] = network.graph.outputs.at("y");
    expect_error<CheckError>([&] { to_onnx(network, {}); }, {"\"image\""});
}

TEST(ToOnnx, RefusesMoreThanProtobufHolds) {
    GraphBuilder builder(1, 1); // 2^20 * 1024 weights: 4 GiB
    const ValueId wide = builder.conv(builder.image(), "wide", {.out_channels = 1 << 20});
    builder.output("y", builder.linear(wide, "fc", {.out_features = 1024}));
    expect_error<ModelFileError>([&] { to_onnx({builder.build(), {}}, {}); }, {"too large", "2147483647"});
}

} // namespace
} // namespace banyan
