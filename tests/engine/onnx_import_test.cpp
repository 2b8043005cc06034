// Detectors of other projects, imported, compute on the engine what ONNX Runtime computes.

#include "graph/onnx_import.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/random.h"
#include "engine/engine.h"
#include "graph/pass_list.h"
#include "tests/engine/onnx_runtime.h"
#include "tests/graph/onnx_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/shared_data.h"

namespace banyan {
namespace {

using Names = std::vector<std::string>;

struct Detector {
    std::string file;
    Names outputs;
    double mean, std;
    bool bgr;
};

void PrintTo(const Detector& detector, std::ostream* out) { *out << detector.file; }

Detector fastest_det() { return {"fastestdet_coco80", {"758"}, 0, 255, true}; }
Detector ultra_face_slim() {
    return {"ultraface_slim_320", {"232", "246", "278", "292", "318", "332", "350", "362"}, 127, 128, false};
}
Detector ultra_face_rfb() {
    return {"ultraface_rfb_320", {"317", "331", "363", "377", "403", "417", "435", "447"}, 127, 128, false};
}

std::string path_of(const Detector& detector) { return shared_path("weights/detectors/" + detector.file + ".onnx"); }

OnnxImportOptions options_of(const Detector& detector) {
    OnnxImportOptions options;
    options.file_name = detector.file;
    options.outputs = detector.outputs;
    options.mean.fill(detector.mean);
    options.std.fill(detector.std);
    options.bgr = detector.bgr;
    return options;
}

/// The file's own input.
std::vector<float> input_of(const Detector& detector, const std::vector<std::uint8_t>& pixels,
                            const ValueShape& shape) {
    std::vector<float> planes = test::channels_first(pixels.data(), 1, shape);
    for (float& number : planes) number = static_cast<float>((double{number} - detector.mean) / detector.std);
    if (!detector.bgr) return planes;
    const std::ptrdiff_t plane = shape.height * shape.width;
    std::swap_ranges(planes.begin(), planes.begin() + plane, planes.begin() + 2 * plane);
    return planes;
}

class ImportedDetector : public ::testing::TestWithParam<Detector> {
protected:
    void SetUp() override {
        if (!has_shared_data("weights/detectors")) GTEST_SKIP() << "needs weights/detectors";
        if (!test::has_onnx_runtime()) GTEST_SKIP() << test::kOnnxRuntimeIsMissing;
    }
};

TEST_P(ImportedDetector, ComputesWhatOnnxRuntimeComputes) {
    const Detector& detector = GetParam();
    const std::string bytes = read_file(path_of(detector));
    const ImportedNetwork imported = import_onnx(bytes, options_of(detector));
    EngineOptions options;
    options.mean = imported.mean;
    options.std = imported.std;
    Engine engine(std::make_shared<PackedNetwork>(apply_passes(imported.network)), options);
    const ValueShape& image = engine.graph().value(engine.graph().input).shape;
    const std::vector<std::uint8_t> pixels = test::random_pixels(image.height * image.width * image.channels, 3);
    engine.run(pixels.data());
    for (const std::string& name : detector.outputs) {
        const std::vector<float> expected = test::run_onnx(bytes, input_of(detector, pixels, image), {name});
        const EngineOutput output = engine.output(name);
        EXPECT_EQ(imported.outputs.at(name).order, "C H W");
        test::expect_near(test::channels_first(output.data, 1, output.shape), expected, 1e-4F, name);
    }
}

INSTANTIATE_TEST_SUITE_P(Detectors, ImportedDetector,
                         ::testing::Values(fastest_det(), ultra_face_slim(), ultra_face_rfb()),
                         [](const auto& test) { return test.param.file; });

using Integers = std::vector<std::int64_t>;

/// Values of one size, 8 channels, made by most operators that are understood.
void add_maps(test::OnnxFile& file) {
    file.floats("std", {1, 3, 1, 1}, {50, 60, 70});
    file.node("Div", {"image", "std"}, "normalised");
    file.floats("c.weight", {8, 3, 3, 3});
    file.floats("c.bias", {8});
    file.node("Conv", {"normalised", "c.weight", "c.bias"}, "c", {{"pads", Integers{1, 1, 1, 1}}});
    for (const char* end : {"weight", "bias", "mean"}) file.floats(std::string("bn.") + end, {8});
    file.floats("bn.variance", {8}, {0.5F, 1, 1.5F, 2, 1, 1, 1, 3});
    file.node("BatchNormalization", {"c", "bn.weight", "bn.bias", "bn.mean", "bn.variance"}, "bn");
    file.floats("factors", {1, 8, 1, 1});
    file.floats("offsets", {8, 1, 1});
    file.node("Mul", {"bn", "factors"}, "bn.scaled"); // joins the norm
    file.node("Add", {"offsets", "bn.scaled"}, "bn.shifted");
    file.node("Relu", {"bn.shifted"}, "relu");
    file.node("Mul", {"bn.shifted", file.node("Sigmoid", {"bn.shifted"}, "gate")}, "silu");
    file.node("Mul", {"silu", "factors"}, "silu.scaled"); // a convolution of its own
    file.node("Sub", {"offsets", "silu"}, "from_constant");
    file.node("HardSwish", {"from_constant"}, "hard_swish");
    file.node("Clip", {"silu", file.floats("low", {}, {0}), file.floats("high", {}, {6})}, "relu6");
    file.node("Mul", {"relu6", file.floats("half", {1}, {0.5F})}, "halved");
}

void add_moves(test::OnnxFile& file) {
    file.node("Reshape", {"silu", file.integers("halves", {1, 2, -1, 8, 12})}, "in_halves");
    file.node("Transpose", {"in_halves"}, "turned", {{"perm", Integers{0, 2, 1, 3, 4}}});
    file.node("Reshape", {"turned", file.integers("whole", {0, 8, 8, 12})}, "shuffled");
    file.node("Relu", {"shuffled"}, "shuffled.relu");
    file.node("Slice",
              {"shuffled", file.integers("start", {-1}), file.integers("end", {-100}),
               file.integers("channel_axis", {1}), file.integers("backwards", {-3})},
              "sliced");
    file.node("Gather", {"silu", file.integers("chosen", {3, -1, 3})}, "gathered", {{"axis", std::int64_t{1}}});
    file.node("Concat", {"gathered", "silu", "sliced"}, "joined", {{"axis", std::int64_t{1}}});
    file.node("Transpose", {"joined"}, "channels_last", {{"perm", Integers{0, 2, 3, 1}}});
    file.node("Softmax", {"channels_last"}, "shares.last");
    file.node("Transpose", {"shares.last"}, "shares", {{"perm", Integers{0, 3, 1, 2}}});
    file.node("Add", {"shuffled", "silu"}, "sum");
}

void add_windows(test::OnnxFile& file) {
    file.node("Pad", {"silu", file.integers("pads", {0, 0, 1, 1, 0, 0, 1, 1})}, "padded");
    const OnnxAttribute stride{"strides", Integers{2, 2}}, window{"kernel_shape", Integers{3, 3}};
    file.node("AveragePool", {"padded"}, "averages", {window, stride});
    file.node("Conv", {"padded", file.floats("by_two.weight", {4, 2, 3, 3})}, "by_two", {{"group", std::int64_t{4}}});
    file.node("Conv", {"silu", "by_two.weight"}, "same_upper",
              {{"pads", Integers{0, 0, 1, 1}}, stride, {"group", std::int64_t{4}}});
    file.node("Conv", {"silu", "by_two.weight"}, "auto",
              {{"auto_pad", "SAME_UPPER"}, stride, {"group", std::int64_t{4}}});
    file.node("Conv", {"silu", "by_two.weight"}, "dilated",
              {{"pads", Integers{2, 2, 2, 2}}, {"group", std::int64_t{4}}, {"dilations", Integers{2, 2}}});
    file.node("MaxPool", {"silu"}, "smaller", {{"kernel_shape", Integers{2, 2}}, stride});
    file.node("Resize", {"smaller", "", "", file.integers("sizes", {1, 8, 8, 12})}, "by_sizes");
    file.node("Resize", {"smaller", "", file.floats("scales", {4}, {1, 1, 2, 2})}, "by_scales",
              {{"mode", "nearest"}, {"coordinate_transformation_mode", "asymmetric"}, {"nearest_mode", "floor"}});
    file.floats("ones", {8}, std::vector<float>(8, 1));
    file.node("InstanceNormalization", {"silu", "ones", "c.bias"}, "instances");
}

void add_ends(test::OnnxFile& file) {
    file.node("Flatten", {file.node("GlobalAveragePool", {"silu"}, "means")}, "flat");
    file.node("Gemm", {"flat", file.floats("matrix", {5, 8}), file.floats("vector", {5})}, "gemm",
              {{"transB", std::int64_t{1}}});
    file.node("ReduceMean", {"relu"}, "means.flat", {{"axes", Integers{-1, -2}}, {"keepdims", std::int64_t{0}}});
    file.node("MatMul", {"means.flat", file.floats("turned.matrix", {8, 5})}, "matmul");
    file.graph().add_bytes("zero", {}, {37});
    file.node("QuantizeLinear", {"silu", file.floats("step", {}, {0.05F}), "zero"}, "bytes");
    file.node("DequantizeLinear", {"bytes", "step", "zero"}, "rounded");
    file.graph().add_bytes("w.bytes", {3, 8, 1, 1},
                           {1, 2, 3, 4, 5, 6, 7, 8, 90, 80, 70, 60, 50, 40, 30, 20, 0, 255, 0, 255, 9, 9, 9, 9});
    file.graph().add_bytes("w.zeros", {3}, {4, 60, 128});
    file.node("DequantizeLinear", {"w.bytes", file.floats("w.steps", {3}, {0.1F, 0.02F, 0.01F}), "w.zeros"}, "w",
              {{"axis", std::int64_t{0}}});
    file.node("Conv", {"silu", "w"}, "of_bytes");
}

TEST(ImportOnnx, ComputesEveryOperatorAsOnnxRuntimeDoes) {
    if (!test::has_onnx_runtime()) GTEST_SKIP() << test::kOnnxRuntimeIsMissing;
    test::OnnxFile file;
    add_maps(file);
    add_moves(file);
    add_windows(file);
    add_ends(file);
    file.output("sum", {1, 8, 8, 12});
    const Names values{"normalised",    "bn.shifted", "silu",     "silu.scaled", "hard_swish", "halved",
                       "shuffled.relu", "sliced",     "gathered", "shares",      "sum",        "averages",
                       "by_two",        "same_upper", "auto",     "dilated",     "by_sizes",   "by_scales",
                       "instances",     "gemm",       "matmul",   "rounded",     "of_bytes"};
    OnnxImportOptions import_options;
    import_options.outputs = values;
    const ImportedNetwork imported = import_onnx(file.bytes(), import_options);
    EngineOptions options;
    options.mean = imported.mean;
    options.std = imported.std;
    Engine engine(std::make_shared<PackedNetwork>(apply_passes(imported.network)), options);
    const ValueShape image{3, 8, 12};
    const std::vector<std::uint8_t> pixels = test::random_pixels(3 * 8 * 12, 3);
    engine.run(pixels.data());
    const std::vector<float> expected =
        test::run_onnx(file.bytes(), test::channels_first(pixels.data(), 1, image), values);
    std::size_t begin = 0;
    for (const std::string& name : values) {
        const EngineOutput output = engine.output(name);
        const std::vector<float> found = test::channels_first(output.data, 1, output.shape);
        ASSERT_LE(begin + found.size(), expected.size()) << name;
        test::expect_near(found, {expected.data() + begin, found.size()}, 1e-4F, name);
        begin += found.size();
    }
    EXPECT_EQ(begin, expected.size());
}

TEST(ImportOnnx, TellsWhereToEndBeforeTheDecodingOfBoxes) {
    if (!has_shared_data("weights/detectors")) GTEST_SKIP() << "needs weights/detectors";
    for (Detector detector : {ultra_face_slim(), ultra_face_rfb()}) {
        std::string list;
        for (const std::string& name : detector.outputs) list += (list.empty() ? "" : ", ") + name;
        detector.outputs.clear();
        const std::string bytes = read_file(path_of(detector));
        test::expect_error<ModelFileError>([&] { import_onnx(bytes, options_of(detector)); },
                                           {"(Concat)", "joins", "at the values " + list});
    }
}

} // namespace
} // namespace banyan
