#include "infer/detector.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "core/check.h"
#include "core/cpu_features.h"
#include "core/error.h"
#include "graph/pass_list.h"
#include "graph/remove_dead.h"
#include "heads/head.h"
#include "image/letterbox.h"
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

EngineOptions engine_options_of(const ModelOptions& model, int side, const DetectorOptions& options, bool bf16) {
    EngineOptions result;
    result.height = result.width = side;
    result.precision = bf16 ? NumberType::bf16 : NumberType::f32;
    result.threads = options.threads;
    result.fuse = !contains(options.disabled_passes, kFuseOperators);
    result.mean = model.preprocessing.mean;
    result.std = model.preprocessing.std;
    return result;
}

PredictOptions predict_options_of(const DetectionOptions& model, const DetectorOptions& options) {
    PredictOptions predict_with = predict_options(model);
    predict_with.score_threshold = options.score_threshold.value_or(predict_with.score_threshold);
    predict_with.nms_iou = options.nms_iou.value_or(predict_with.nms_iou);
    predict_with.max_detections = options.max_detections.value_or(predict_with.max_detections);
    predict_with.bf16 = options.bf16 == Bf16::on || (options.bf16 == Bf16::automatic && has_fast_bf16());
    return predict_with;
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

    std::vector<Detection> detect(const Image& image, StageTimes& times);
    std::vector<std::string> box_outputs() const;
    std::vector<ScoredBox> boxes() const; ///< of the last run, in pixels of the network input, by falling score
    std::vector<Detection> to_detections(const std::vector<ScoredBox>& boxes, const LetterboxGeometry& geometry,
                                         const Image& image) const;

    ClassTable classes;
    std::vector<std::string> tasks;
    PredictOptions predict_with;
    int side;
    std::vector<Part> parts;
    std::shared_ptr<PackedNetwork> network;
    EngineOptions engine_options;
    std::optional<Engine> engine;
};

Detector::Session::Session(ModelFile file, const DetectorOptions& options)
    : classes(file.options.tasks), predict_with(predict_options_of(file.options.detection, options)),
      side(options.side != 0 ? options.side : file.options.input_side) {
    const ModelOptions& model = file.options;
    auto [wanted, outputs] = wanted_parts(model, options.tasks);
    tasks = std::move(wanted);
    network = std::make_shared<PackedNetwork>(
        prepare(std::move(file.graph), std::move(file.tensors), outputs, options.disabled_passes));
    for (Branch& branch : find_branches(model, classes, network->graph())) {
        AnchorSet anchors = make_anchors(branch.options.anchors, side, side);
        parts.push_back({std::move(branch), std::move(anchors)});
    }
    engine_options = engine_options_of(model, side, options, predict_with.bf16);
    if (!contains(options.disabled_passes, kDeferBoxes)) engine_options.deferred = box_outputs();
    engine.emplace(network, engine_options);
}

Detector::Session::Session(const Session& other)
    : classes(other.classes), tasks(other.tasks), predict_with(other.predict_with), side(other.side),
      parts(other.parts), network(other.network), engine_options(other.engine_options) {
    engine.emplace(network, engine_options);
}

std::vector<std::string> Detector::Session::box_outputs() const {
    std::vector<std::string> names;
    for (const Part& part : parts) {
        for (const int level : part.branch.options.anchors.levels) {
            names.push_back(box_output_name(part.branch.name, level));
        }
    }
    return names;
}

std::vector<ScoredBox> Detector::Session::boxes() const {
    std::vector<ScoredBox> all;
    for (const Part& part : parts) {
        std::vector<RawLevel> levels;
        for (const int level : part.branch.options.anchors.levels) {
            const OutputCells cells = engine->cells(box_output_name(part.branch.name, level));
            levels.push_back({engine->output(class_output_name(part.branch.name, level)).data,
                              BoxCells::Maker([cells](std::size_t cell, float* codes) { cells.read(cell, codes); })});
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

std::vector<Detection> Detector::Session::detect(const Image& image, StageTimes& times) {
    BANYAN_CHECK(!image.empty(), "detect: an empty picture");
    Lap lap;
    LetterboxGeometry geometry;
    const Image square = letterbox(image, side, geometry);
    times.letterbox = lap.seconds();
    times.steps.clear();
    if (times.each_step) {
        engine->run_timed(square.rgb.data(), times.steps);
    } else {
        engine->run(square.rgb.data());
    }
    times.network = lap.seconds();
    std::vector<Detection> detections = to_detections(boxes(), geometry, image);
    times.boxes = lap.seconds();
    return detections;
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
    return session_->detect(image, times);
}

std::vector<Detection> Detector::detect(const Image& image, StageTimes& times) {
    return session_->detect(image, times);
}

std::vector<std::vector<Detection>> Detector::detect(const std::vector<Image>& images) {
    std::vector<std::vector<Detection>> detections;
    for (const Image& image : images) detections.push_back(detect(image));
    return detections;
}

std::vector<ScoredBox> Detector::boxes_in_square(const Image& square) {
    const int side = session_->side;
    BANYAN_CHECK(square.width == side && square.height == side, "boxes_in_square: a picture of ", square.width, " x ",
                 square.height, "; the network takes ", side, " x ", side);
    session_->engine->run(square.rgb.data());
    return session_->boxes();
}

const ClassTable& Detector::classes() const { return session_->classes; }
const std::vector<std::string>& Detector::tasks() const { return session_->tasks; }
int Detector::side() const { return session_->side; }
bool Detector::uses_bf16() const { return session_->predict_with.bf16; }
const Engine& Detector::engine() const { return *session_->engine; }

} // namespace banyan
