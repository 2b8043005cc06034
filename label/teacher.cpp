#include "label/teacher.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "infer/detector.h"
#include "label/onnx_teacher.h"

namespace banyan {

namespace {

/// A network of ours.
class ModelTeacher : public LabelTeacher {
public:
    ModelTeacher(const LabelTeacherOptions& options, const ClassTable& table, int threads)
        : detector_(options.file, detector_options(options, table, threads)) {
        class_of_model_.assign(static_cast<std::size_t>(detector_.classes().size()), -1);
        for (const int class_id : options.classes) {
            const auto found = detector_.classes().find_class(table.class_name(class_id));
            if (!found) refuse(options, table.class_name(class_id));
            class_of_model_[static_cast<std::size_t>(*found)] = class_id;
        }
    }
    ModelTeacher(Detector detector, std::vector<int> class_of_model)
        : detector_(std::move(detector)), class_of_model_(std::move(class_of_model)) {}

    std::vector<ScoredBox> find(const Image& picture) override {
        std::vector<ScoredBox> boxes;
        for (const Detection& found : detector_.detect(picture)) {
            const int class_id = class_of_model_[static_cast<std::size_t>(found.class_id)];
            if (class_id >= 0) boxes.push_back({found.box, found.score, class_id});
        }
        return boxes;
    }

    std::unique_ptr<LabelTeacher> another_stream() const override {
        return std::make_unique<ModelTeacher>(detector_.another_stream(), class_of_model_);
    }

private:
    static DetectorOptions detector_options(const LabelTeacherOptions& options, const ClassTable& table, int threads) {
        DetectorOptions result;
        for (const int class_id : options.classes) {
            const std::string& task = table.task_name_of(class_id);
            if (result.tasks.empty() || result.tasks.back() != task) result.tasks.push_back(task);
        }
        result.score_threshold = kLowestTeacherScore;
        result.threads = threads;
        return result;
    }

    [[noreturn]] static void refuse(const LabelTeacherOptions& options, const std::string& name) {
        throw ConfigError(ErrorText{options.where + "/tasks", options.file + " has no class \"" + name + "\"",
                                    "a model with all classes of the task", "",
                                    "see the model's classes with `banyan explain`"});
    }

    Detector detector_;
    std::vector<int> class_of_model_; ///< [class id of the model] -> ours, -1: not wanted
};

} // namespace

std::unique_ptr<LabelTeacher> make_teacher(const LabelTeacherOptions& options, const ClassTable& table, int threads) {
    if (options.onnx) return std::make_unique<OnnxTeacher>(options, threads);
    return std::make_unique<ModelTeacher>(options, table, threads);
}

} // namespace banyan
