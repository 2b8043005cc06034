#include "graph/onnx_model.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "graph/protobuf_writer.h"
#include "tests/graph/onnx_file.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;

/// A file whose graph has this one initializer.
std::string with_initializer(const ProtobufWriter& tensor) {
    ProtobufWriter model, version, graph;
    version.add_integer(2, 17);
    graph.add_message(5, tensor);
    model.add_message(8, version);
    model.add_message(7, graph);
    return std::move(model).bytes();
}

ProtobufWriter tensor(std::int64_t type, const std::vector<std::int64_t>& dims) {
    ProtobufWriter message;
    message.add_integers(1, dims);
    message.add_integer(2, type);
    message.add_bytes(8, "t");
    return message;
}

void refused(const ProtobufWriter& initializer, const std::vector<std::string>& words) {
    const std::string bytes = with_initializer(initializer);
    test::expect_error<ModelFileError>([&] { read_onnx_model(bytes, "file"); }, words);
}

TEST(ReadOnnxModel, ReadsOperatorsConstantsAndShapes) {
    test::OnnxFile file({1, 3, 4, 5});
    file.floats("w", {2}, {1.5F, -2});
    file.integers("n", {3, -1});
    file.node("Op", {"image", "", "w"}, "y",
              {{"i", std::int64_t{-4}}, {"f", 0.5F}, {"s", "text"}, {"l", std::vector<std::int64_t>{1, 2}}});
    file.output("y", {7});
    const std::string bytes = file.bytes(11);
    const OnnxModel model = read_onnx_model(bytes, "file");
    EXPECT_EQ(model.opset, 11);
    ASSERT_EQ(model.operators.size(), 1U);
    const OnnxOperator& op = model.operators[0];
    EXPECT_THAT(op.inputs, ElementsAre("image", "", "w"));
    EXPECT_EQ(op.integer("i", 0), -4);
    EXPECT_EQ(op.real("f", 0), 0.5F);
    EXPECT_EQ(op.text("s", ""), "text");
    EXPECT_THAT(op.integers("l"), ElementsAre(1, 2));
    EXPECT_EQ(op.integer("absent", 9), 9);
    EXPECT_THAT(model.initializers.at("w").to_floats(), ElementsAre(1.5F, -2));
    EXPECT_THAT(model.initializers.at("n").to_integers(), ElementsAre(3, -1));
    ASSERT_EQ(model.inputs.size(), 1U);
    EXPECT_EQ(model.inputs[0].dims, (OnnxDims{1, 3, 4, 5}));
    EXPECT_EQ(model.outputs[0].name, "y");
}

TEST(ReadOnnxModel, ReadsNumbersRawOrListed) {
    ProtobufWriter listed = tensor(3, {3}); // int8
    listed.add_integers(5, {-128, 0, 127});
    EXPECT_THAT(read_onnx_model(with_initializer(listed), "f").initializers.at("t").to_integers(),
                ElementsAre(-128, 0, 127));
    for (const auto& [type, raw] :
         {std::pair{3, "\x80\xFF\x01"s}, std::pair{6, "\x80\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x00\x00\x00"s}}) {
        ProtobufWriter message = tensor(type, {3});
        message.add_bytes(9, raw);
        const std::string bytes = with_initializer(message);
        EXPECT_THAT(read_onnx_model(bytes, "f").initializers.at("t").to_integers(), ElementsAre(-128, -1, 1));
    }
    ProtobufWriter unsigned_bytes = tensor(2, {2});
    unsigned_bytes.add_bytes(9, "\x80\x01"s);
    const std::string bytes = with_initializer(unsigned_bytes);
    EXPECT_THAT(read_onnx_model(bytes, "f").initializers.at("t").to_integers(), ElementsAre(128, 1));
}

TEST(ReadOnnxModel, RefusesTensorsThatDoNotFitTheirDims) {
    ProtobufWriter message = tensor(1, {2, 2});
    message.add_bytes(9, std::string(12, 'x'));
    refused(message, {"\"t\"", "other numbers than its dims tell"});
    message = tensor(1, {1LL << 40, 1LL << 40});
    refused(message, {"other numbers"});
    message = tensor(1, {-1});
    refused(message, {"other numbers"});
    message = tensor(1, std::vector<std::int64_t>(17, 1));
    refused(message, {"more than 16"});
    message = tensor(7, {1});
    message.add_bytes(9, std::string(9, 'x'));
    refused(message, {"other numbers"});
    message = tensor(7, {1});
    message.add_float(4, 1);
    refused(message, {"data of another type"});
    message.add_integers(7, {1});
    refused(message, {"two lists"});
}

TEST(ReadOnnxModel, RefusesWhatItDoesNotUnderstand) {
    refused(tensor(10, {0}), {"\"t\"", "element type 10", "float32"});
    ProtobufWriter elsewhere = tensor(1, {1});
    elsewhere.add_integer(14, 1);
    refused(elsewhere, {"\"t\"", "another file", "as one file"});
    ProtobufWriter unnamed;
    unnamed.add_integer(2, 1);
    unnamed.add_integers(1, {0});
    refused(unnamed, {"no name"});
    test::expect_error<ModelFileError>([] { read_onnx_model("\x3A\x00"s, "file"); }, {"does not tell the opset"});
    test::expect_error<ModelFileError>([] { read_onnx_model("\x3A\x00\x3A\x00"s, "file"); }, {"two graphs"});
}

} // namespace
} // namespace banyan
