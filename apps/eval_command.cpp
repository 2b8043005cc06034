#include <algorithm>
#include <iostream>

#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "eval/coco_files.h"
#include "eval/coco_report.h"
#include "eval/coco_writer.h"
#include "model/allocator.h"
#include "model/model_file.h"
#include "train/evaluate.h"
#include "train/run_folder.h"
#include "train/train_config.h"

namespace banyan {

namespace {

ExitCode judge_files(const Options& options) {
    const std::string ground_truth = text_option(options, "ground-truth"),
                      predictions = text_option(options, "predictions");
    if (ground_truth.empty() || predictions.empty()) {
        throw UsageError("--ground-truth and --predictions belong together; give both");
    }
    for (const char* other : {"model", "data", "save-predictions", "save-ground-truth", "side", "fp32"}) {
        if (options.count(other) == 0) continue;
        throw UsageError("--" + std::string(other) +
                         ": runs a model; leave it out beside --ground-truth and --predictions");
    }
    CocoProblem problem = read_coco_ground_truth(ground_truth);
    read_coco_detections(predictions, problem);
    const CocoResult result = evaluate_coco(problem);
    std::cout << (options.count("json") != 0 ? coco_report_json(result) : coco_report_table(result));
    return ExitCode::ok;
}

std::vector<Dataset> judged_datasets(const Options& options, const ClassTable& classes) {
    const std::string path = text_option(options, "data"), split = text_option(options, "split");
    if (split != "datasets" && split != "validation") {
        throw UsageError(ErrorText{"--split", "unknown list", "datasets or validation", "\"" + split + "\"", ""});
    }
    const std::vector<DatasetOptions> listed = load_dataset_list(path, split);
    const std::vector<DatasetOptions> wanted = datasets_for(listed, classes);
    for (const DatasetOptions& dataset : listed) {
        const auto is_same = [&](const DatasetOptions& other) { return other.name == dataset.name; };
        if (std::any_of(wanted.begin(), wanted.end(), is_same)) continue;
        log_warning("data set " + dataset.name + " is left out: it labels no class of the model");
    }
    if (wanted.empty()) {
        throw DataError(ErrorText{path, "no data set of \"" + split + "\" labels a class of the model", "", "",
                                  "see the model's tasks with `banyan explain`"});
    }
    return load_datasets(wanted, classes);
}

void save_problem(const Options& options, const CocoProblem& problem, const std::vector<Dataset>& datasets) {
    const std::string predictions = text_option(options, "save-predictions");
    const std::string ground_truth = text_option(options, "save-ground-truth");
    if (!predictions.empty()) write_file_atomically(predictions, coco_predictions_json(problem));
    if (ground_truth.empty()) return;
    std::vector<std::string> names; // images are numbered data set by data set
    for (const Dataset& dataset : datasets) {
        for (const Record& record : dataset.records()) names.push_back(dataset.name() + "/" + record.name);
    }
    write_file_atomically(ground_truth, coco_ground_truth_json(problem, names));
}

ExitCode judge_model(const Options& options) {
    if (options.count("model") == 0 || options.count("data") == 0) {
        throw UsageError("banyan eval: give --model and --data, or --ground-truth and --predictions");
    }
    keep_pages();
    install_stop_handlers();
    EvalOptions eval_options;
    if (options.count("side") != 0) eval_options.side = side_option(options);
    MultiTaskModel model = load_model(text_option(options, "model"));
    if (options.count("side") == 0) eval_options.side = model.options().input_side;
    const std::vector<Dataset> datasets = judged_datasets(options, model.classes());
    PredictOptions predict_with = predict_options(model.options().detection);
    predict_with.score_threshold = kEvalScoreThreshold;
    predict_with.bf16 = options.count("fp32") == 0 && use_bf16(Precision::automatic);
    std::size_t images = 0;
    for (const Dataset& dataset : datasets) images += dataset.size();
    Progress progress("judging", static_cast<std::int64_t>(images), "image");
    eval_options.progress = [&](std::size_t done, std::size_t) { progress.update(static_cast<std::int64_t>(done)); };
    eval_options.stop = [] { return stop_requested().has_value(); };
    CocoProblem problem;
    const EvalReport report =
        evaluate_datasets([&](const at::Tensor& pixels) { return predict(model, pixels, predict_with); }, datasets,
                          model.classes(), eval_options, &problem);
    progress.finish();
    if (const auto signal = stop_requested()) return exit_code_of_signal(*signal);
    save_problem(options, problem, datasets);
    std::cout << (options.count("json") != 0 ? eval_json(report) + "\n" : eval_table(report));
    return ExitCode::ok;
}

} // namespace

ExitCode run_eval(const Options& options) {
    const bool files = options.count("ground-truth") != 0 || options.count("predictions") != 0;
    return files ? judge_files(options) : judge_model(options);
}

} // namespace banyan
