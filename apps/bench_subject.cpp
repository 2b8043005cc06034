#include "apps/bench_subject.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "apps/detector_values.h"
#include "apps/onnx_values.h"
#include "apps/option_values.h"
#include "apps/random_picture.h"
#include "image/image_codec.h"
#include "infer/detector.h"

namespace banyan {

namespace {

using Names = std::vector<std::string>;

constexpr int kMostBatch = 1024;

double to_ms(double seconds) { return seconds * 1e3; }

/// "branches.face.tower.0.conv.p3" -> "branches.face"
std::string part_of_model(const EngineStep& step) {
    if (step.operation == "normalise") return "input";
    return step.name.substr(0, step.name.find('.', step.name.find('.') + 1));
}

/// Names of other projects' operators follow no rule that parts could be told by.
std::string name_of_step(const EngineStep& step) { return step.operation == "normalise" ? "input" : step.name; }

NamedTimes sums_by_part(const Engine& engine, const std::vector<double>& seconds,
                        std::string (*part_of)(const EngineStep&)) {
    NamedTimes sums;
    for (std::size_t i = 0; i < seconds.size(); ++i) {
        const std::string part = part_of(engine.steps()[i]);
        auto found = std::find_if(sums.begin(), sums.end(), [&](const auto& sum) { return sum.first == part; });
        if (found == sums.end()) found = sums.insert(found, {part, 0.0});
        found->second += to_ms(seconds[i]);
    }
    return sums;
}

class ModelSubject : public BenchSubject {
public:
    ModelSubject(Detector detector, std::vector<Image> pictures)
        : detector_(std::move(detector)), pictures_(std::move(pictures)) {}

    std::unique_ptr<BenchSubject> another_stream() const override {
        return std::make_unique<ModelSubject>(detector_.another_stream(), pictures_);
    }
    NamedTimes run() override {
        StageTimes times;
        detector_.detect(pictures_, times);
        return {{"total", to_ms(times.total())},
                {"letterbox", to_ms(times.letterbox)},
                {"network", to_ms(times.network)},
                {"boxes", to_ms(times.boxes)}};
    }
    NamedTimes run_stepwise() override {
        if (!detector_.has_engine()) return {};
        StageTimes times;
        times.each_step = true;
        detector_.detect(pictures_, times);
        return sums_by_part(detector_.engine(), times.steps, part_of_model);
    }
    const Engine* engine() const override { return detector_.has_engine() ? &detector_.engine() : nullptr; }
    std::string device() const override { return detector_.device(); }
    std::string precision() const override { return detector_.precision(); }
    int batch() const override { return static_cast<int>(pictures_.size()); }
    std::pair<std::int64_t, std::int64_t> input_size() const override { return {detector_.side(), detector_.side()}; }
    std::vector<std::string> tasks() const override { return detector_.tasks(); }

private:
    Detector detector_;
    std::vector<Image> pictures_;
};

class OnnxSubject : public BenchSubject {
public:
    explicit OnnxSubject(PackedOnnx packed)
        : packed_(std::move(packed)), engine_(packed_.network, packed_.engine), pixels_(grey_pixels(engine_)) {}

    std::unique_ptr<BenchSubject> another_stream() const override { return std::make_unique<OnnxSubject>(packed_); }
    NamedTimes run() override {
        const auto start = std::chrono::steady_clock::now();
        engine_.run(pixels_.data());
        return {
            {"network", std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count()}};
    }
    NamedTimes run_stepwise() override {
        std::vector<double> seconds;
        engine_.run_timed(pixels_.data(), seconds);
        return sums_by_part(engine_, seconds, name_of_step);
    }
    const Engine* engine() const override { return &engine_; }
    std::string device() const override { return "cpu"; }
    std::string precision() const override { return packed_.engine.precision == NumberType::bf16 ? "bf16" : "fp32"; }
    int batch() const override { return 1; }
    std::pair<std::int64_t, std::int64_t> input_size() const override {
        const Graph& graph = engine_.graph();
        const ValueShape& shape = graph.value(graph.input).shape;
        return {shape.height, shape.width};
    }
    std::vector<std::string> tasks() const override { return {}; }

private:
    PackedOnnx packed_;
    Engine engine_;
    std::vector<std::uint8_t> pixels_;
};

} // namespace

Image bench_picture(const Options& options) {
    const std::string model = text_option(options, "model"), picture = text_option(options, "picture");
    const bool is_onnx = is_onnx_file(model);
    refuse_options(options, is_onnx ? Names{"picture", "tasks", "side", "batch", "device"} : Names{"outputs"}, model);
    return picture.empty() ? random_picture() : read_image(picture, {.apply_exif_orientation = true});
}

std::unique_ptr<BenchSubject> make_bench_subject(const Options& options, const Image& picture,
                                                 const std::optional<int>& threads) {
    const std::string file = text_option(options, "model");
    if (is_onnx_file(file)) {
        PackedOnnx packed = pack_onnx(import_onnx_file(file, options), options);
        packed.engine.threads = threads.value_or(packed.engine.threads);
        return std::make_unique<OnnxSubject>(std::move(packed));
    }
    DetectorOptions values = detector_values(options);
    values.threads = threads.value_or(values.threads);
    if (options.count("batch") != 0) values.batch = number_option<int>(options, "batch", 1, kMostBatch);
    std::vector<Image> pictures(static_cast<std::size_t>(values.batch), picture);
    return std::make_unique<ModelSubject>(Detector(file, values), std::move(pictures));
}

} // namespace banyan
