#include "graph/onnx_import.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "tests/graph/onnx_file.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using test::expect_error;
using test::OnnxFile;
using testing::ElementsAre;
using Integers = std::vector<std::int64_t>;

ImportedNetwork imported(const OnnxFile& file, const std::vector<std::string>& outputs, std::int64_t opset = 17) {
    OnnxImportOptions options;
    options.outputs = outputs;
    return import_onnx(file.bytes(opset), options);
}

void refused(const OnnxFile& file, const std::string& output, const std::vector<std::string>& words) {
    expect_error<ModelFileError>([&] { imported(file, {output}); }, words);
}

std::vector<std::string> operators(const ImportedNetwork& network) {
    std::vector<std::string> names;
    for (const Node& node : network.network.graph.nodes) names.push_back(op_name(node.attributes));
    return names;
}

template <typename Attribute>
Attribute first(const ImportedNetwork& network) {
    for (const Node& node : network.network.graph.nodes) {
        if (const auto* found = std::get_if<Attribute>(&node.attributes)) return *found;
    }
    throw std::runtime_error("no node of this kind");
}

TEST(ImportOnnx, TakesConstantsOnThePictureAsMeanAndStd) {
    OnnxFile file;
    file.node("Mul", {"image", file.floats("factor", {1, 3, 1, 1}, {0.5F, 0.25F, 0.125F})}, "times");
    file.node("Sub", {"times", file.floats("offset", {}, {3})}, "minus");
    file.node("Relu", {"minus"}, "y");
    OnnxImportOptions options;
    options.mean = {10, 20, 30};
    options.std = {2, 2, 2};
    const ImportedNetwork network =
        import_onnx(file.bytes(), {.outputs = {"y"}, .mean = options.mean, .std = options.std});
    EXPECT_THAT(operators(network), ElementsAre("activation"));
    // ((x - 10) / 2) * 0.5 - 3 = (x - (10 + 3 * 4)) / 4
    EXPECT_THAT(network.mean, ElementsAre(22, 44, 78));
    EXPECT_THAT(network.std, ElementsAre(4, 8, 16));
}

TEST(ImportOnnx, LeavesMeanAndStdWhereThePictureIsReadTwice) {
    OnnxFile file;
    file.node("Mul", {"image", file.floats("factor", {1, 3, 1, 1})}, "times");
    file.node("Add", {"times", "image"}, "y");
    const ImportedNetwork network = imported(file, {"y"});
    EXPECT_THAT(operators(network), ElementsAre("conv2d", "add"));
    EXPECT_THAT(network.std, ElementsAre(1, 1, 1));
}

TEST(ImportOnnx, TurnsBlueFirstPicturesAround) {
    OnnxFile file;
    file.node("Mul", {"image", file.floats("factor", {1, 3, 1, 1}, {0.5F, 0.25F, 0.125F})}, "times");
    file.node("Relu", {"times"}, "y");
    const ImportedNetwork network = import_onnx(file.bytes(), {.outputs = {"y"}, .bgr = true});
    EXPECT_THAT(first<SelectChannelsAttributes>(network).channels, ElementsAre(2, 1, 0));
    EXPECT_THAT(network.std, ElementsAre(8, 4, 2)); // in the order red, green, blue
}

TEST(ImportOnnx, ReadsPicturesWithChannelsLast) {
    OnnxFile file({1, 8, 12, 3});
    file.node("Transpose", {"image"}, "turned", {{"perm", Integers{0, 3, 1, 2}}});
    file.node("Conv", {"turned", file.floats("w", {4, 3, 1, 1})}, "c");
    file.node("Transpose", {"c"}, "y", {{"perm", Integers{0, 2, 3, 1}}});
    const ImportedNetwork network = imported(file, {"y"});
    EXPECT_THAT(operators(network), ElementsAre("conv2d"));
    EXPECT_EQ(network.outputs.at("y").order, "H W C");
    EXPECT_EQ(network.outputs.at("y").dims, (OnnxDims{1, 8, 12, 4}));
}

TEST(ImportOnnx, TellsHowAnOutputIsArranged) {
    OnnxFile file;
    file.node("Conv", {"image", file.floats("w", {6, 3, 1, 1})}, "c");
    file.node("Transpose", {"c"}, "t", {{"perm", Integers{0, 2, 3, 1}}});
    file.node("Shape", {"t"}, "shape");
    file.node("Gather", {"shape", file.integers("first", {0})}, "batch");
    file.node("Concat", {"batch", file.integers("rest", {-1, 2})}, "dims", {{"axis", std::int64_t{0}}});
    file.node("Reshape", {"t", "dims"}, "y");
    file.node("Reshape", {"c", file.integers("flat", {0, 0, -1})}, "z");
    const ImportedNetwork network = imported(file, {"y", "z", "c"});
    EXPECT_EQ(network.outputs.at("y").order, "HWC C");
    EXPECT_EQ(network.outputs.at("y").dims, (OnnxDims{1, 288, 2}));
    EXPECT_EQ(network.outputs.at("z").order, "C HW");
    EXPECT_EQ(network.outputs.at("c").order, "C H W");
    EXPECT_EQ(network.network.graph.outputs.at("y"), network.network.graph.outputs.at("c"));
}

TEST(ImportOnnx, MakesOneSelectionOfAShuffle) {
    OnnxFile file;
    file.node("Conv", {"image", file.floats("w", {4, 3, 1, 1})}, "c");
    file.node("Reshape", {"c", file.integers("halves", {2, 2, 96})}, "r");
    file.node("Transpose", {"r"}, "t", {{"perm", Integers{1, 0, 2}}});
    file.node("Reshape", {"t", file.integers("whole", {1, 4, 8, 12})}, "shuffled");
    file.node("Relu", {"shuffled"}, "a");
    file.node("Sigmoid", {"shuffled"}, "b");
    const ImportedNetwork network = imported(file, {"a", "b"});
    EXPECT_THAT(operators(network), ElementsAre("conv2d", "select_channels", "activation", "activation"));
    EXPECT_THAT(first<SelectChannelsAttributes>(network).channels, ElementsAre(0, 2, 1, 3));
}

TEST(ImportOnnx, SharesParametersOfConvolutionsThatReadTheSameConstants) {
    OnnxFile file;
    file.floats("head.weight", {3, 3, 1, 1});
    file.floats("head.bias", {3});
    file.node("Conv", {"image", "head.weight", "head.bias"}, "a");
    file.node("Conv", {"a", "head.weight", "head.bias"}, "b");
    file.node("Add", {"b", file.floats("shift", {3, 1, 1})}, "y"); // may not change what `a` uses
    const ImportedNetwork network = imported(file, {"y"});
    EXPECT_THAT(operators(network), ElementsAre("conv2d", "conv2d", "conv2d"));
    EXPECT_EQ(network.network.tensors.count("head.weight"), 1U);
    EXPECT_EQ(network.network.tensors.size(), 4U);
}

TEST(ImportOnnx, JoinsSignedBytesAsUnsignedOnes) {
    OnnxFile file;
    ProtobufWriter zero;
    zero.add_integer(2, 3); // int8
    zero.add_integers(5, {-5});
    zero.add_bytes(8, "zero");
    zero.add_integers(1, {1});
    file.initializer(zero);
    file.floats("step", {}, {0.5F});
    file.node("QuantizeLinear", {"image", "step", "zero"}, "q");
    file.node("DequantizeLinear", {"q", "step", "zero"}, "y");
    const auto quant = first<FakeQuantAttributes>(imported(file, {"y"}));
    EXPECT_EQ(quant.zero_point, 123); // -5 + 128
    EXPECT_EQ(quant.scale, 0.5);
}

TEST(ImportOnnx, RefusesWhatItCannotExpressAndTellsWhy) {
    OnnxFile file;
    file.node("Conv", {"image", file.floats("w", {4, 3, 3, 3})}, "c");
    file.node("Tanh", {"c"}, "tanh");
    file.node("Mul", {"c", "c"}, "square");
    file.node("Conv", {"c", file.floats("wide", {4, 4, 1, 3})}, "oblong");
    file.node("Conv", {"c", file.floats("w2", {4, 4, 3, 3})}, "uneven", {{"pads", Integers{2, 1, 0, 1}}});
    file.node("AveragePool", {"c"}, "uncounted", {{"kernel_shape", Integers{3, 3}}, {"pads", Integers{1, 1, 1, 1}}});
    file.node("MaxPool", {"c"}, "ceil",
              {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{3, 3}}, {"ceil_mode", std::int64_t{1}}});
    file.node("Resize", {"c", "", file.floats("scales", {4}, {1, 1, 2, 2})}, "linear", {{"mode", "linear"}});
    file.node("Resize", {"c", "", "scales"}, "unknown_size");
    file.node("Resize", {"c", "", file.floats("one", {1}), file.integers("three", {1, 1, 2})}, "mixed");
    file.node("Softmax", {"c"}, "rows", {{"axis", std::int64_t{2}}});
    file.node("Clip", {"c", file.floats("low", {}, {-1})}, "clip");
    file.node("Slice", {"c", file.integers("start", {0}), file.integers("end", {2}), file.integers("axis", {2})},
              "cut");
    file.node("Relu", {"cut"}, "cut.relu");
    file.node("Relu", {"tanh"}, "behind");
    file.node("Relu", {"nowhere"}, "loose");
    refused(file, "tanh", {"node \"tanh\" (Tanh)", "not understood", "docs/inference.md", "at the values c"});
    refused(file, "behind", {"node \"tanh\" (Tanh)", "at the values c"});
    refused(file, "square", {"(Mul)", "two maps", "sigmoid"});
    refused(file, "oblong", {"(Conv)", "not square"});
    refused(file, "uneven", {"(Conv)", "paddings differ", "SAME_UPPER"});
    refused(file, "uncounted", {"(AveragePool)", "count_include_pad 1"});
    refused(file, "ceil", {"(MaxPool)", "ceil_mode"});
    refused(file, "linear", {"(Resize)", "mode linear", "nearest"});
    refused(file, "unknown_size", {"(Resize)", "12 x 20", "made before"});
    refused(file, "mixed", {"(Resize)", "4 axes"});
    refused(file, "rows", {"(Softmax)", "channels"});
    refused(file, "clip", {"(Clip)", "0 and 6"});
    refused(file, "cut.relu", {"(Relu)", "taken apart"});
    refused(file, "loose", {"(Relu)", "\"nowhere\"", "not made before"});
    refused(file, "tahn", {"no value \"tahn\"", "did you mean \"tanh\"?"});
}

TEST(ImportOnnx, RefusesFilesOfAnotherKind) {
    OnnxFile file;
    file.node("Relu", {"image"}, "y");
    expect_error<ModelFileError>([&] { imported(file, {"y"}, 6); }, {"opset 6", "7 to 23"});
    expect_error<ModelFileError>([&] { imported(file, {}); }, {"no outputs"});
    expect_error<ModelFileError>([&] { import_onnx("", {}); }, {"no graph"});
    expect_error<CheckError>([&] { import_onnx(file.bytes(), {.std = {1, 0, 1}}); }, {"standard deviation"});
    for (const OnnxDims& dims :
         {OnnxDims{1, 3, -1, 8}, OnnxDims{2, 3, 8, 8}, OnnxDims{1, 4, 8, 8}, OnnxDims{3, 8, 8}}) {
        expect_error<ModelFileError>([&] { imported(OnnxFile(dims), {"image"}); },
                                     {"\"image\"", "[1, 3, height, width]"});
    }
    file.node("Relu", {"image"}, "y");
    refused(file, "y", {"\"y\"", "made twice"});
    OnnxFile two;
    two.graph().add_input("second", {1, 3, 8, 8});
    refused(two, "image", {"2 inputs"});
}

} // namespace
} // namespace banyan
