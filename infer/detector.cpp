#include "infer/detector.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <torch/torch.h>

#include "core/check.h"
#include "core/cpu_features.h"
#include "core/error.h"
#include "graph/pass_list.h"
#include "graph/remove_dead.h"
#include "image/letterbox.h"
#include "model/model_file.h"
#include "model/predict.h"

namespace banyan {

namespace {

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
MultiTaskModel compile(ModelFile file, const std::vector<std::string>& outputs, const DetectorOptions& options) {
    GraphWithValues network{keep_outputs(file.graph, outputs), std::move(file.tensors)};
    std::erase_if(network.tensors, [&](const auto& entry) { return !network.graph.parameters.contains(entry.first); });
    network = apply_passes(std::move(network), options.disabled_passes);
    MultiTaskModel model(std::move(file.options), std::move(network.graph));
    model.module().load_host(network.tensors);
    return model;
}

PredictOptions predict_options_of(const DetectionOptions& model, const DetectorOptions& options) {
    PredictOptions predict_with = predict_options(model);
    predict_with.score_threshold = options.score_threshold.value_or(predict_with.score_threshold);
    predict_with.nms_iou = options.nms_iou.value_or(predict_with.nms_iou);
    predict_with.max_detections = options.max_detections.value_or(predict_with.max_detections);
    predict_with.bf16 = options.bf16 == Bf16::on || (options.bf16 == Bf16::automatic && has_fast_bf16());
    return predict_with;
}

} // namespace

struct Detector::Session {
    MultiTaskModel model;
    std::vector<std::string> tasks;
    PredictOptions predict_with;
    int side = 0;

    /// Pictures letterboxed into one batch, uint8 [N, side, side, 3].
    at::Tensor pixels_of(const std::vector<const Image*>& images, std::vector<LetterboxGeometry>& geometries) const;
    std::vector<Detection> to_detections(const std::vector<ScoredBox>& boxes, const LetterboxGeometry& geometry,
                                         const Image& image) const;
    std::vector<std::vector<Detection>> detect(const std::vector<const Image*>& images);
};

at::Tensor Detector::Session::pixels_of(const std::vector<const Image*>& images,
                                        std::vector<LetterboxGeometry>& geometries) const {
    at::Tensor pixels = at::empty({static_cast<std::int64_t>(images.size()), side, side, 3}, at::kByte);
    auto* out = pixels.mutable_data_ptr<std::uint8_t>();
    for (const Image* image : images) {
        BANYAN_CHECK(!image->empty(), "detect: an empty picture");
        const Image square = letterbox(*image, side, geometries.emplace_back());
        std::memcpy(out, square.rgb.data(), square.rgb.size());
        out += square.rgb.size();
    }
    return pixels;
}

std::vector<Detection> Detector::Session::to_detections(const std::vector<ScoredBox>& boxes,
                                                        const LetterboxGeometry& geometry, const Image& image) const {
    std::vector<Detection> detections;
    for (const ScoredBox& scored : boxes) {
        const std::string& task = model.classes().task_name_of(scored.class_id);
        if (!contains(tasks, task)) continue; // the branch serves it together with a wanted one
        const Box box =
            clip(geometry.to_original(scored.box), static_cast<float>(image.width), static_cast<float>(image.height));
        if (box.area() <= 0) continue; // wholly in the grey beside the picture
        detections.push_back({task, model.classes().class_name(scored.class_id), scored.class_id, scored.score, box});
    }
    return detections;
}

std::vector<std::vector<Detection>> Detector::Session::detect(const std::vector<const Image*>& images) {
    if (images.empty()) return {};
    std::vector<LetterboxGeometry> geometries;
    const at::Tensor pixels = pixels_of(images, geometries);
    const Predictions predictions = predict(model, pixels, predict_with);
    std::vector<std::vector<Detection>> detections;
    for (std::size_t i = 0; i < images.size(); ++i) {
        detections.push_back(to_detections(predictions[i], geometries[i], *images[i]));
    }
    return detections;
}

Detector::Detector(const std::string& model_path, const DetectorOptions& options) {
    check_options(options);
    ModelFile file = ModelFile::load(model_path);
    const auto [tasks, outputs] = wanted_parts(file.options, options.tasks);
    const PredictOptions predict_with = predict_options_of(file.options.detection, options);
    const int side = options.side != 0 ? options.side : file.options.input_side;
    if (options.threads > 0) at::set_num_threads(options.threads);
    session_ =
        std::make_unique<Session>(Session{compile(std::move(file), outputs, options), tasks, predict_with, side});
}

Detector::~Detector() = default;
Detector::Detector(Detector&&) noexcept = default;
Detector& Detector::operator=(Detector&&) noexcept = default;

std::vector<Detection> Detector::detect(const Image& image) { return std::move(session_->detect({&image}).front()); }

std::vector<std::vector<Detection>> Detector::detect(const std::vector<Image>& images) {
    std::vector<const Image*> pointers;
    for (const Image& image : images) pointers.push_back(&image);
    return session_->detect(pointers);
}

const ClassTable& Detector::classes() const { return session_->model.classes(); }
const std::vector<std::string>& Detector::tasks() const { return session_->tasks; }
int Detector::side() const { return session_->side; }
bool Detector::uses_bf16() const { return session_->predict_with.bf16; }

} // namespace banyan
