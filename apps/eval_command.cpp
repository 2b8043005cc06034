#include <filesystem>
#include <iostream>

#include "apps/detector_values.h"
#include "apps/eval_output.h"
#include "apps/judge_datasets.h"
#include "apps/listed_datasets.h"
#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/log.h"
#include "core/stop_signal.h"
#include "data/dataset_list.h"
#include "eval/coco_files.h"
#include "eval/coco_renumber.h"
#include "eval/coco_report.h"
#include "eval/coco_writer.h"
#include "eval/evaluate.h"
#include "eval/label_report.h"
#include "eval/result_output.h"

namespace banyan {

namespace {

ExitCode judge_files(const Options& options) {
    const std::string ground_truth = text_option(options, "ground-truth"),
                      predictions = text_option(options, "predictions");
    if (ground_truth.empty() || predictions.empty()) {
        throw UsageError("--ground-truth and --predictions belong together; give both");
    }
    for (const char* other : {"model", "data", "save-predictions", "save-ground-truth", "side", "device", "threads",
                              "fp32", "leakage", "missing", "report", "ids-of"}) {
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

constexpr int kReportedMissing = 24;
constexpr int kMaxMissing = 1000;

/// Whether classes matter that a data set does not label.
bool looks_beyond_labels(const Options& options) {
    return options.count("leakage") != 0 || options.count("missing") != 0 || options.count("report") != 0;
}

/// Data sets as the model sees them. Those that label none of its classes are left out, or kept where the model's
/// detections in them are of interest.
std::vector<DatasetOptions> datasets_to_judge(const std::vector<DatasetOptions>& listed, const ClassTable& classes,
                                              bool keep_all) {
    std::vector<DatasetOptions> wanted;
    for (const DatasetOptions& dataset : listed) {
        const std::vector<DatasetOptions> labelled = datasets_for({dataset}, classes);
        if (!labelled.empty()) {
            wanted.push_back(labelled.front());
        } else if (keep_all) {
            wanted.push_back(with_other_classes(dataset, classes));
        } else {
            log_warning("data set " + dataset.name + " is left out: it labels no class of the model");
        }
    }
    return wanted;
}

std::vector<Dataset> judged_datasets(const Options& options, const ClassTable& classes) {
    const std::vector<DatasetOptions> listed = listed_datasets(options, "data", classes);
    return load_datasets(datasets_to_judge(listed, classes, looks_beyond_labels(options)), classes);
}

void save_predictions(const Options& options, const CocoProblem& problem) {
    const std::string path = text_option(options, "save-predictions"), ids_of = text_option(options, "ids-of");
    if (path.empty()) return;
    if (ids_of.empty()) return write_file_atomically(path, coco_predictions_json(problem));
    const RenumberedDetections renumbered = renumber_detections(problem, read_coco_ground_truth(ids_of), ids_of);
    if (renumbered.other_classes > 0) {
        log_warning(path + " lacks " + std::to_string(renumbered.other_classes) + " detections of classes that " +
                    ids_of + " does not have");
    }
    write_file_atomically(path, coco_predictions_json(renumbered.problem));
}

int missing_option(const Options& options) {
    if (options.count("missing") == 0) return kReportedMissing;
    const int count = options["missing"].as<int>();
    if (count >= 1 && count <= kMaxMissing) return count;
    throw UsageError(ErrorText{"--missing", "out of range", "an integer in [1, " + std::to_string(kMaxMissing) + "]",
                               std::to_string(count), ""});
}

void save_report(const Options& options, const EvalFindings& findings) {
    const std::string path = text_option(options, "report");
    if (path.empty()) return;
    HtmlReport report("Evaluation of " + std::filesystem::path(text_option(options, "model")).filename().string(),
                      std::to_string(findings.report.images) + " images of \"" + text_option(options, "split") +
                          "\" in " + text_option(options, "data"));
    add_result_section(report, findings.report);
    add_leakage_section(report, *findings.leakage);
    add_missing_label_sections(report, *findings.missing, findings.datasets, findings.classes);
    report.save(path);
}

/// Prints and saves what was asked for.
void tell(const Options& options, const EvalReport& report, const CocoProblem& problem,
          const std::vector<Dataset>& datasets, const ClassTable& classes) {
    LeakageMatrix leakage;
    MissingLabels missing;
    if (looks_beyond_labels(options)) {
        MissingLabelOptions wanted;
        wanted.count = static_cast<std::size_t>(missing_option(options));
        leakage = leakage_matrix(problem, datasets, classes);
        missing = find_missing_labels(problem, datasets, wanted);
    }
    EvalFindings findings{report, &leakage, &missing, datasets, classes};
    save_report(options, findings);
    if (options.count("leakage") == 0) findings.leakage = nullptr;
    if (options.count("missing") == 0) findings.missing = nullptr;
    std::cout << (options.count("json") != 0 ? findings_json(findings) : findings_table(findings));
}

void check_model_options(const Options& options) {
    if (options.count("model") == 0 || options.count("data") == 0) {
        throw UsageError("banyan eval: give --model and --data, or --ground-truth and --predictions");
    }
    if (options.count("ids-of") != 0 && options.count("save-predictions") == 0) {
        throw UsageError("--ids-of: numbers the detections of --save-predictions; give both");
    }
    missing_option(options);
}

/// The model as `banyan detect` runs it, but down to the scores at which AP looks.
Detector judged_detector(const Options& options) {
    DetectorOptions values = detector_values(options);
    values.score_threshold = kEvalScoreThreshold;
    if (values.runner) values.batch = EvalOptions().batch_size; // the engine is as fast with single pictures
    return Detector(text_option(options, "model"), values);
}

ExitCode judge_model(const Options& options) {
    check_model_options(options);
    install_stop_handlers();
    Detector detector = judged_detector(options);
    const ClassTable& classes = detector.classes();
    const std::vector<Dataset> datasets = judged_datasets(options, classes);
    CocoProblem problem;
    const EvalReport report =
        judge_datasets(predictor_of(detector), detector.side(), datasets, classes, "judging", &problem);
    save_predictions(options, problem);
    const std::string ground_truth = text_option(options, "save-ground-truth");
    if (!ground_truth.empty()) write_file_atomically(ground_truth, coco_ground_truth_json(problem));
    tell(options, report, problem, datasets, classes);
    return ExitCode::ok;
}

} // namespace

ExitCode run_eval(const Options& options) {
    const bool files = options.count("ground-truth") != 0 || options.count("predictions") != 0;
    return files ? judge_files(options) : judge_model(options);
}

} // namespace banyan
