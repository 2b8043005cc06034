#include <iostream>

#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/progress.h"
#include "eval/coco_files.h"
#include "eval/coco_report.h"
#include "model/allocator.h"
#include "model/model_file.h"
#include "train/evaluate.h"
#include "train/run_folder.h"
#include "train/train_config.h"

namespace banyan {

namespace {

ExitCode judge_files(const Options& options) {
    const std::string ground_truth = text_option(options, "ground-truth"), predictions = text_option(options, "predictions");
    if (ground_truth.empty() || predictions.empty()) {
        throw UsageError("--ground-truth and --predictions belong together; give both");
    }
    CocoProblem problem = read_coco_ground_truth(ground_truth);
    read_coco_detections(predictions, problem);
    const CocoResult result = evaluate_coco(problem);
    std::cout << (options.count("json") != 0 ? coco_report_json(result) : coco_report_table(result)) << "\n";
    return ExitCode::ok;
}

ExitCode judge_model(const Options& options) {
    const std::string path = text_option(options, "model"), data = text_option(options, "data");
    if (path.empty() || data.empty()) {
        throw UsageError("banyan eval: give --model and --data, or --ground-truth and --predictions");
    }
    keep_pages();
    MultiTaskModel model = load_model(path);
    const std::vector<Dataset> datasets = load_datasets(
        datasets_for(load_dataset_list(data, options["split"].as<std::string>()), model.classes()), model.classes());
    PredictOptions predict_with = predict_options(model.options().detection);
    predict_with.score_threshold = 0.01;
    predict_with.bf16 = options.count("fp32") == 0 && use_bf16(Precision::automatic);
    Progress progress("judging", 0, "image");
    EvalOptions eval_options;
    eval_options.side = options.count("side") != 0 ? options["side"].as<int>() : model.options().input_side;
    eval_options.progress = [&](std::size_t done, std::size_t) { progress.update(static_cast<std::int64_t>(done)); };
    CocoProblem problem;
    const EvalReport report =
        evaluate_datasets([&](const at::Tensor& pixels) { return predict(model, pixels, predict_with); }, datasets,
                          model.classes(), eval_options, &problem);
    progress.finish();
    std::cout << (options.count("json") != 0 ? eval_json(report) + "\n" : eval_table(report));
    return ExitCode::ok;
}

} // namespace

ExitCode run_eval(const Options& options) {
    const bool files = options.count("ground-truth") != 0 || options.count("predictions") != 0;
    return files ? judge_files(options) : judge_model(options);
}

} // namespace banyan
