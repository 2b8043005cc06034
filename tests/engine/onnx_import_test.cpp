// Detectors of other projects, imported, compute on the engine what ONNX Runtime computes.

#include "graph/onnx_import.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/random.h"
#include "engine/engine.h"
#include "graph/pass_list.h"
#include "tests/engine/onnx_runtime.h"
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

std::vector<std::uint8_t> random_pixels(std::int64_t count) {
    Random random(3);
    std::vector<std::uint8_t> pixels;
    for (std::int64_t i = 0; i < count; ++i) pixels.push_back(static_cast<std::uint8_t>(random.integer(0, 255)));
    return pixels;
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
    const std::vector<std::uint8_t> pixels = random_pixels(image.height * image.width * image.channels);
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
