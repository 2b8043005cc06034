#include "infer/detector.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include "core/check.h"
#include "core/cpu_features.h"
#include "core/error.h"
#include "graph/pass_list.h"
#include "graph/remove_dead.h"
#include "heads/head.h"
#include "image/letterbox.h"
#include "infer/engine_runner.h"
#include "network/branch_boxes.h"
#include "network/build_graph.h"
#include "network/model_file.h"

namespace banyan {

namespace {

constexpr const char* kDeferBoxes = "defer_boxes";
constexpr const char* kFuseOperators = "fuse_operators";

bool contains(const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

template <typename T>
void check_range(const char* name, T value, bool fits, const char* expected) {
    if (fits) return;
    throw UsageError(ErrorText{name, "out of range", expected, detail::concat_parts(value), ""});
}

void check_options(const DetectorOptions& options) {
    const double score = options.score_threshold.value_or(0), iou = options.nms_iou.value_or(1);
    const int count = options.max_detections.value_or(1), side = options.side;
    check_range("score threshold", score, score >= 0 && score < 1, "a number in [0, 1)");
    check_range("NMS IoU", iou, iou > 0 && iou <= 1, "a number in (0, 1]");
    check_range("detections a picture", count, count >= 1 && count <= 10000, "an integer in [1, 10000]");
    check_range("input side", side, side == 0 || (side >= 64 && side <= 4096 && side % 32 == 0),
                "a multiple of 32 in [64, 4096]");
    check_range("threads", options.threads, options.threads >= 0 && options.threads <= 1024, "an integer in [0, 1024]");
    check_range("batch", options.batch, options.batch >= 1 && options.batch <= 1024, "an integer in [1, 1024]");
    const std::vector<std::string> passes = detector_passes();
    for (const std::string& name : options.disabled_passes) {
        if (contains(passes, name)) continue;
        std::string known;
        for (const std::string& pass : passes) known += (known.empty() ? "" : ", ") + pass;
        throw UsageError(ErrorText{"passes to leave out", "unknown pass \"" + name + "\"", known, "", ""});
    }
}

/// Names of the wanted tasks in the model's order; their branches' outputs are the second part.
/// @throws UsageError an unknown task
std::pair<std::vector<std::string>, std::vector<std::string>> wanted_parts(const ModelOptions& model,
                                                                           const std::vector<std::string>& tasks) {
    std::vector<std::string> wanted;
    for (const Task& task : model.tasks) {
        if (tasks.empty() || contains(tasks, task.name)) wanted.push_back(task.name);
    }
    return {wanted, output_names_of(model, tasks.empty() ? wanted : tasks)};
}

/// The network cut to the outputs and rewritten by the graph passes.
GraphWithValues prepare(Graph graph, HostTensors tensors, const std::vector<std::string>& outputs,
                        const std::vector<std::string>& disabled_passes) {
    GraphWithValues network{keep_outputs(graph, outputs), std::move(tensors)};
    std::erase_if(network.tensors, [&](const auto& entry) { return !network.graph.parameters.contains(entry.first); });
    std::vector<std::string> disabled;
    for (const GraphPass& pass : graph_passes()) {
        if (contains(disabled_passes, pass.name)) disabled.emplace_back(pass.name);
    }
    return apply_passes(std::move(network), disabled);
}

RunnerOptions runner_options_of(const ModelOptions& model, int side, const DetectorOptions& options) {
    RunnerOptions result;
    result.batch = options.batch;
    result.height = result.width = side;
    result.bf16 = options.bf16;
    result.mean = model.preprocessing.mean;
    result.std = model.preprocessing.std;
    return result;
}

/// @param box_outputs names of those that are read cell by cell
std::unique_ptr<NetworkRunner> make_engine(GraphWithValues network, const RunnerOptions& options,
                                           const DetectorOptions& detector,
                                           const std::vector<std::string>& box_outputs) {
    const bool bf16 = options.bf16 == Bf16::on || (options.bf16 == Bf16::automatic && has_fast_bf16());
    EngineOptions result;
    result.batch = options.batch;
    result.height = options.height;
    result.width = options.width;
    result.precision = bf16 ? NumberType::bf16 : NumberType::f32;
    result.threads = detector.threads;
    result.fuse = !contains(detector.disabled_passes, kFuseOperators);
    result.mean = options.mean;
    result.std = options.std;
    if (!contains(detector.disabled_passes, kDeferBoxes)) result.deferred = box_outputs;
    return std::make_unique<EngineRunner>(std::make_shared<PackedNetwork>(std::move(network)), result);
}

PredictOptions predict_options_of(const DetectionOptions& model, const DetectorOptions& options) {
    PredictOptions predict_with = predict_options(model);
    predict_with.score_threshold = options.score_threshold.value_or(predict_with.score_threshold);
    predict_with.nms_iou = options.nms_iou.value_or(predict_with.nms_iou);
    predict_with.max_detections = options.max_detections.value_or(predict_with.max_detections);
    return predict_with;
}

/// The images in parts of `count`; the last may be smaller.
std::vector<std::span<const Image>> parts_of(std::span<const Image> images, std::size_t count) {
    std::vector<std::span<const Image>> parts;
    for (; !images.empty(); images = images.subspan(parts.back().size())) {
        parts.push_back(images.first(std::min(count, images.size())));
    }
    return parts;
}

StageTimes from_zero(const StageTimes& times) {
    StageTimes result;
    result.each_step = times.each_step;
    return result;
}

/// Seconds since it was last asked.
class Lap {
public:
    double seconds() {
        const Clock::time_point now = Clock::now();
        const double passed = std::chrono::duration<double>(now - last_).count();
        last_ = now;
        return passed;
    }

private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point last_ = Clock::now();
};

} // namespace

std::vector<std::string> detector_passes() {
    std::vector<std::string> names;
    for (const GraphPass& pass : graph_passes()) names.emplace_back(pass.name);
    names.emplace_back(kDeferBoxes);
    names.emplace_back(kFuseOperators);
    return names;
}

struct Detector::Session {
    /// A branch and its anchors at the input size.
    struct Part {
        Branch branch;
        AnchorSet anchors;
    };

    Session(ModelFile file, const DetectorOptions& options);
    Session(const Session& other); ///< shares the weights

    /// What each of at most `batch` pictures shows; its times are added to `times`.
    std::vector<std::vector<Detection>> detect(std::span<const Image> images, StageTimes& times);
    /// What the network finds in at most `batch` pictures of its own size. @throws CheckError another size
    Predictions boxes_in(std::span<const Image> squares);
    const std::uint8_t* pixels_of(std::span<const Image> squares); ///< of a whole batch
    std::vector<std::string> box_outputs() const;
    /// Of a picture of the last run, in pixels of the network input, by falling score.
    std::vector<ScoredBox> boxes(std::int64_t image) const;
    std::vector<Detection> to_detections(const std::vector<ScoredBox>& boxes, const LetterboxGeometry& geometry,
                                         const Image& image) const;

    ClassTable classes;
    std::vector<std::string> tasks;
    PredictOptions predict_with;
    int side;
    std::size_t batch;
    std::vector<Part> parts;
    std::unique_ptr<NetworkRunner> runner;
    std::vector<std::uint8_t> pixels; ///< of a batch of several
};

Detector::Session::Session(ModelFile file, const DetectorOptions& options)
    : classes(file.options.tasks), predict_with(predict_options_of(file.options.detection, options)),
      side(options.side != 0 ? options.side : file.options.input_side), batch(static_cast<std::size_t>(options.batch)) {
    const ModelOptions& model = file.options;
    auto [wanted, outputs] = wanted_parts(model, options.tasks);
    tasks = std::move(wanted);
    GraphWithValues network = prepare(std::move(file.graph), std::move(file.tensors), outputs, options.disabled_passes);
    for (Branch& branch : find_branches(model, classes, network.graph)) {
        AnchorSet anchors = make_anchors(branch.options.anchors, side, side);
        parts.push_back({std::move(branch), std::move(anchors)});
    }
    const RunnerOptions runner_options = runner_options_of(model, side, options);
    runner = options.runner ? options.runner(std::move(network), runner_options)
                            : make_engine(std::move(network), runner_options, options, box_outputs());
}

Detector::Session::Session(const Session& other)
    : classes(other.classes), tasks(other.tasks), predict_with(other.predict_with), side(other.side),
      batch(other.batch), parts(other.parts), runner(other.runner->another()) {}

std::vector<std::string> Detector::Session::box_outputs() const {
    std::vector<std::string> names;
    for (const Part& part : parts) {
        for (const int level : part.branch.options.anchors.levels) {
            names.push_back(box_output_name(part.branch.name, level));
        }
    }
    return names;
}

std::vector<ScoredBox> Detector::Session::boxes(std::int64_t image) const {
    std::vector<ScoredBox> all;
    for (const Part& part : parts) {
        std::vector<RawLevel> levels;
        for (const int level : part.branch.options.anchors.levels) {
            levels.push_back(runner->level(class_output_name(part.branch.name, level),
                                           box_output_name(part.branch.name, level), image));
        }
        const std::vector<ScoredBox> boxes = branch_boxes(part.branch, part.anchors, levels, predict_with);
        all.insert(all.end(), boxes.begin(), boxes.end());
    }
    std::stable_sort(all.begin(), all.end(), [](const ScoredBox& a, const ScoredBox& b) { return a.score > b.score; });
    return all;
}

std::vector<Detection> Detector::Session::to_detections(const std::vector<ScoredBox>& boxes,
                                                        const LetterboxGeometry& geometry, const Image& image) const {
    std::vector<Detection> detections;
    for (const ScoredBox& scored : boxes) {
        const std::string& task = classes.task_name_of(scored.class_id);
        if (!contains(tasks, task)) continue; // the branch serves it together with a wanted one
        const Box box =
            clip(geometry.to_original(scored.box), static_cast<float>(image.width), static_cast<float>(image.height));
        if (box.area() <= 0) continue; // wholly in the grey beside the picture
        detections.push_back({task, classes.class_name(scored.class_id), scored.class_id, scored.score, box});
    }
    return detections;
}

const std::uint8_t* Detector::Session::pixels_of(std::span<const Image> squares) {
    if (batch == 1) return squares.front().rgb.data();
    const std::size_t bytes = squares.front().rgb.size();
    pixels.resize(batch * bytes); // what an incomplete batch leaves free keeps older pictures: nobody looks at it
    for (std::size_t i = 0; i < squares.size(); ++i) {
        std::copy(squares[i].rgb.begin(), squares[i].rgb.end(),
                  pixels.begin() + static_cast<std::ptrdiff_t>(i * bytes));
    }
    return pixels.data();
}

std::vector<std::vector<Detection>> Detector::Session::detect(std::span<const Image> images, StageTimes& times) {
    Lap lap;
    std::vector<LetterboxGeometry> geometries(images.size());
    std::vector<Image> squares;
    for (std::size_t i = 0; i < images.size(); ++i) {
        BANYAN_CHECK(!images[i].empty(), "detect: an empty picture");
        squares.push_back(letterbox(images[i], side, geometries[i]));
    }
    const std::uint8_t* input = pixels_of(squares);
    times.letterbox += lap.seconds();
    if (times.each_step) {
        runner->run_timed(input, times.steps);
    } else {
        runner->run(input);
    }
    times.network += lap.seconds();
    std::vector<std::vector<Detection>> detections;
    for (std::size_t i = 0; i < images.size(); ++i) {
        detections.push_back(to_detections(boxes(static_cast<std::int64_t>(i)), geometries[i], images[i]));
    }
    times.boxes += lap.seconds();
    return detections;
}

Predictions Detector::Session::boxes_in(std::span<const Image> squares) {
    for (const Image& square : squares) {
        BANYAN_CHECK(square.width == side && square.height == side, "boxes_in_square: a picture of ", square.width,
                     " x ", square.height, "; the network takes ", side, " x ", side);
    }
    runner->run(pixels_of(squares));
    Predictions predictions;
    for (std::size_t i = 0; i < squares.size(); ++i) predictions.push_back(boxes(static_cast<std::int64_t>(i)));
    return predictions;
}

Detector::Detector(const std::string& model_path, const DetectorOptions& options)
    : Detector((check_options(options), ModelFile::load(model_path)), options) {}

Detector::Detector(ModelFile model, const DetectorOptions& options) {
    check_options(options);
    session_ = std::make_unique<Session>(std::move(model), options);
}

Detector::Detector(std::unique_ptr<Session> session) : session_(std::move(session)) {}

Detector Detector::another_stream() const { return Detector(std::make_unique<Session>(*session_)); }

Detector::~Detector() = default;
Detector::Detector(Detector&&) noexcept = default;
Detector& Detector::operator=(Detector&&) noexcept = default;

std::vector<Detection> Detector::detect(const Image& image) {
    StageTimes times;
    return detect(image, times);
}

std::vector<Detection> Detector::detect(const Image& image, StageTimes& times) {
    times = from_zero(times);
    return std::move(session_->detect(std::span(&image, 1), times).front());
}

std::vector<std::vector<Detection>> Detector::detect(const std::vector<Image>& images) {
    StageTimes times;
    return detect(images, times);
}

std::vector<std::vector<Detection>> Detector::detect(const std::vector<Image>& images, StageTimes& times) {
    times = from_zero(times);
    std::vector<std::vector<Detection>> detections;
    for (const std::span<const Image> part : parts_of(images, session_->batch)) {
        for (auto& found : session_->detect(part, times)) detections.push_back(std::move(found));
    }
    return detections;
}

std::vector<ScoredBox> Detector::boxes_in_square(const Image& square) {
    return std::move(session_->boxes_in(std::span(&square, 1)).front());
}

Predictions Detector::boxes_in_squares(const std::vector<Image>& squares) {
    Predictions predictions;
    for (const std::span<const Image> part : parts_of(squares, session_->batch)) {
        for (auto& boxes : session_->boxes_in(part)) predictions.push_back(std::move(boxes));
    }
    return predictions;
}

const ClassTable& Detector::classes() const { return session_->classes; }
const std::vector<std::string>& Detector::tasks() const { return session_->tasks; }
int Detector::side() const { return session_->side; }
const char* Detector::precision() const { return session_->runner->precision(); }
bool Detector::uses_bf16() const { return std::string(precision()) == "bf16"; }
std::string Detector::device() const { return session_->runner->device(); }

bool Detector::has_engine() const { return dynamic_cast<const EngineRunner*>(session_->runner.get()) != nullptr; }

const Engine& Detector::engine() const {
    const auto* runner = dynamic_cast<const EngineRunner*>(session_->runner.get());
    BANYAN_CHECK(runner != nullptr, "detector: no engine runs the network, but LibTorch on ", device());
    return runner->engine();
}

} // namespace banyan
