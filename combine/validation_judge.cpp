#include "combine/validation_judge.h"

#include <filesystem>
#include <set>
#include <utility>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "eval/coco_files.h"
#include "eval/coco_writer.h"
#include "eval/evaluate.h"
#include "model/saved_model.h"
#include "train/predictor.h"

namespace banyan {

ValidationJudge::ValidationJudge(const RunConfig& config, const std::string& where)
    : where_(where), classes_(config.model.tasks), precision_(config.train.precision) {
    if (config.validation.empty()) {
        throw UsageError(ErrorText{where, "nothing to judge by", "data sets in \"validation\"", "none", ""});
    }
    datasets_ = load_datasets(config.validation, classes_);
    truth_ = ground_truth_of(datasets_, classes_);
}

void ValidationJudge::check_objects() const {
    if (!truth_.annotations.empty()) return;
    throw DataError(ErrorText{where_, "no object in the validation sets", "", "",
                              "give validation sets with labels of the network's tasks"});
}

std::vector<std::string> ValidationJudge::tasks_without_objects() const {
    std::set<int> judged;
    for (const CocoAnnotation& object : truth_.annotations) {
        if (!object.crowd) judged.insert(classes_.task_of(object.category));
    }
    std::vector<std::string> tasks;
    for (std::size_t t = 0; t < classes_.tasks().size(); ++t) {
        if (!judged.contains(static_cast<int>(t))) tasks.push_back(classes_.tasks()[t].name);
    }
    return tasks;
}

std::optional<std::vector<CocoDetection>> ValidationJudge::detections(const std::string& model_path,
                                                                      const std::string& results) {
    if (!std::filesystem::exists(results)) {
        MultiTaskModel model = load_model(model_path);
        if (model.options().tasks != classes_.tasks()) {
            throw UsageError(ErrorText{model_path, "its tasks are not those of the config", "", "",
                                       "name the config that it was trained with"});
        }
        Progress progress("judging", static_cast<std::int64_t>(truth_.images.size()), "image");
        EvalOptions options;
        options.side = model.options().input_side;
        options.stop = [] { return stop_requested().has_value(); };
        options.progress = [&](std::size_t done, std::size_t) { progress.update(static_cast<std::int64_t>(done)); };
        CocoProblem found;
        evaluate_datasets(make_predictor(model, kEvalScoreThreshold, precision_), datasets_, classes_, options, &found);
        if (stop_requested()) return std::nullopt;
        write_file_atomically(results, coco_predictions_json(found));
    }
    return read(results);
}

std::vector<CocoDetection> ValidationJudge::read(const std::string& results) {
    read_coco_detections(results, truth_);
    return std::exchange(truth_.detections, {});
}

} // namespace banyan
