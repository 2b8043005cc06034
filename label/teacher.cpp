#include "label/teacher.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/error.h"
#include "infer/detector.h"
#include "label/onnx_teacher.h"
#include "network/model_file.h"

namespace banyan {

namespace {

/// A network of ours.
class ModelTeacher : public LabelTeacher {
public:
    ModelTeacher(const LabelTeacherOptions& options, const ClassTable& table, int threads)
        : detector_(checked_model(options, table), detector_options(options, table, threads)) {
        class_of_model_.assign(static_cast<std::size_t>(detector_.classes().size()), -1);
        for (const int class_id : options.classes) {
            const std::optional<int> found = detector_.classes().find_class(table.class_name(class_id));
            class_of_model_[static_cast<std::size_t>(found.value())] = class_id;
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

    /// With all classes, and no value that would let it find nothing. @throws IoError, ModelFileError, ConfigError,
    /// NumericError
    static ModelFile checked_model(const LabelTeacherOptions& options, const ClassTable& table) {
        ModelFile model = ModelFile::load(options.file);
        const ClassTable known(model.options.tasks);
        for (const int class_id : options.classes) {
            const std::string &name = table.class_name(class_id), &task = table.task_name_of(class_id);
            const std::optional<int> found = known.find_class(name);
            if (found && known.task_name_of(*found) == task) continue;
            throw ConfigError(
                ErrorText{options.where, options.file + " has no class \"" + name + "\" of task \"" + task + "\"",
                          "a model with all classes of the task", "", "see the model's classes with `banyan explain`"});
        }
        for (const auto& [name, tensor] : model.tensors) {
            const bool is_finite =
                std::all_of(tensor.data.begin(), tensor.data.end(), [](float value) { return std::isfinite(value); });
            if (is_finite) continue;
            throw NumericError(ErrorText{options.file, "\"" + name + "\" is not finite", "numbers", "",
                                         "take another checkpoint of the teacher"});
        }
        return model;
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
