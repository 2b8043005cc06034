#include <iostream>
#include <optional>
#include <utility>

#include "apps/listed_datasets.h"
#include "apps/option_values.h"
#include "apps/quantize_output.h"
#include "apps/run_commands.h"
#include "apps/stopped.h"
#include "core/log.h"
#include "core/progress.h"
#include "data/dataset_list.h"
#include "data/load_sample.h"
#include "data/picture_choice.h"
#include "graph/pass_list.h"
#include "heads/head.h"
#include "network/branch.h"
#include "network/model_file.h"

namespace banyan {

namespace {

QuantizeOptions quantize_options(const Options& options) {
    QuantizeOptions result;
    result.method = choice_option(options, "method", range_method_names());
    result.range.percentile = number_option<double>(options, "percentile", 50, 100);
    result.biases = choice_option(options, "bias", bias_correction_names());
    result.equalize = options.count("equalize") != 0;
    if (options.count("keep-float") != 0) {
        result.keep_float = split_names(text_option(options, "keep-float"), "--keep-float");
    }
    return result;
}

ModelFile float_model(const std::string& path) {
    ModelFile model = ModelFile::load(path);
    for (const Node& node : model.graph.nodes) {
        if (!std::holds_alternative<FakeQuantAttributes>(node.attributes)) continue;
        throw UsageError(ErrorText{path, "is quantised already", "a model as it was trained", "", ""});
    }
    return model;
}

std::vector<Dataset> calibration_sets(const Options& options, const ClassTable& classes) {
    return load_datasets(datasets_for(listed_datasets(options, "calib", classes), classes), classes);
}

/// What --max-drop is judged on.
std::vector<Dataset> judging_sets(const Options& options, const ClassTable& classes) {
    if (options.count("validate") == 0) {
        log_warning("--max-drop: judged on the calibration data, which is optimistic; --validate names other data");
        return calibration_sets(options, classes);
    }
    const auto listed = listed_datasets(options, "validate", classes, "validate-split");
    return load_datasets(datasets_for(listed, classes), classes);
}

/// As a share; below 0 without.
double max_drop_option(const Options& options) {
    if (options.count("max-drop") != 0) return number_option<double>(options, "max-drop", 0, 100) / 100;
    if (options.count("validate") != 0) throw UsageError("--validate: needs --max-drop, which is judged on it");
    return -1;
}

std::vector<std::string> task_names(const ModelOptions& model) {
    std::vector<std::string> names;
    for (const Task& task : model.tasks) names.push_back(task.name);
    return names;
}

std::vector<PictureChoice> calibration_choice(const std::vector<Dataset>& datasets, const ModelOptions& model,
                                              std::size_t count) {
    const ClassTable table(model.tasks);
    for (const std::string& task : task_names(model)) {
        if (!choose_pictures(datasets, table, {task}, 1).empty()) continue;
        log_warning("no calibration picture tells of task " + task + ": its branch may lose more than others");
    }
    return choose_pictures(datasets, table, task_names(model), count);
}

/// Where the calibration happens.
struct Calibration {
    EngineOptions engine;
    CalibrationPictures pictures;
};

Calibration calibration_of(const ModelFile& model, const std::vector<PictureChoice>& choice, const Options& options) {
    const int side = model.options.input_side;
    Calibration result;
    result.pictures = {choice.size(), [&choice, side](std::size_t i) {
                           LetterboxGeometry geometry;
                           return load_eval_sample(*choice[i].dataset, choice[i].record, side, geometry).image.rgb;
                       }};
    result.engine.height = result.engine.width = side;
    result.engine.mean = model.options.preprocessing.mean;
    result.engine.std = model.options.preprocessing.std;
    if (options.count("threads") != 0) result.engine.threads = number_option<int>(options, "threads", 1, 1024);
    return result;
}

CalibratedNetwork calibrate(const ModelFile& model, const Calibration& calibration, const QuantizeOptions& options) {
    Progress progress("calibrating", static_cast<std::int64_t>(2 * calibration.pictures.count), "image");
    std::int64_t done = 0;
    return calibrate_network(apply_passes({model.graph, model.tensors}), calibration.engine, calibration.pictures,
                             options, [&] {
                                 stop_if_requested();
                                 progress.update(++done);
                             });
}

std::vector<BranchOutputNames> outputs_by_branch(const ModelFile& model) {
    std::vector<BranchOutputNames> outputs;
    for (const Branch& branch : find_branches(model.options, ClassTable(model.options.tasks), model.graph)) {
        BranchOutputNames names{branch.name, {}, {}};
        for (const int level : branch.options.anchors.levels) {
            names.classes.push_back(class_output_name(branch.name, level));
            names.boxes.push_back(box_output_name(branch.name, level));
        }
        outputs.push_back(std::move(names));
    }
    return outputs;
}

Sensitivity sensitivity_of(const QuantizeOutcome& outcome, const Calibration& calibration) {
    std::optional<Progress> progress;
    return measure_sensitivity(outcome.calibrated, outcome.branches, calibration.engine, calibration.pictures,
                               [&](std::size_t done, std::size_t total) {
                                   stop_if_requested();
                                   if (!progress) {
                                       progress.emplace("measuring layers", static_cast<std::int64_t>(total), "run");
                                   }
                                   progress->update(static_cast<std::int64_t>(done));
                               });
}

/// The model in 8 bits, with these nodes in floating point as well.
ModelFile quantized_model(const ModelFile& model, const QuantizeOutcome& outcome, const Calibration& calibration,
                          QuantizeOptions options, const std::vector<std::string>& kept) {
    options.keep_float.insert(options.keep_float.end(), kept.begin(), kept.end());
    GraphWithValues network = quantized_network(outcome.calibrated, calibration.engine, calibration.pictures, options);
    ModelFile result{model.options, std::move(network.graph), std::move(network.tensors), model.facts};
    result.facts["quantized"] = outcome.method + ", " + std::to_string(outcome.images) + " pictures";
    return result;
}

void warn_if_not_within(const KeptLayers& kept) {
    if (kept.fallback.is_within) return;
    log_warning("--max-drop: no set of layers in floating point was within it; took the one that loses least");
}

struct Result {
    QuantizeOutcome outcome;
    ModelFile model;
};

Result quantize(const ModelFile& model, const std::vector<PictureChoice>& choice, const Options& options) {
    const QuantizeOptions quantization = quantize_options(options);
    const Calibration calibration = calibration_of(model, choice, options);
    const double most_drop = max_drop_option(options);
    std::vector<Dataset> datasets; // faults of the data are told before the long work
    if (most_drop >= 0) datasets = judging_sets(options, ClassTable(model.options.tasks));
    QuantizeOutcome outcome{text_option(options, "model"),
                            text_option(options, "method"),
                            text_option(options, "bias"),
                            choice.size(),
                            calibrate(model, calibration, quantization),
                            outputs_by_branch(model),
                            {},
                            {}};
    if (options.count("report") != 0 || most_drop >= 0) outcome.sensitivity = sensitivity_of(outcome, calibration);
    const QuantizedModel quantized = [&](const std::vector<std::string>& kept) {
        return quantized_model(model, outcome, calibration, quantization, kept);
    };
    if (most_drop < 0) {
        ModelFile in_bytes = quantized({});
        return {std::move(outcome), std::move(in_bytes)};
    }
    const FallbackData data{datasets, calibration.engine.threads};
    outcome.kept = find_kept_layers(model, *outcome.sensitivity, quantized, data, most_drop);
    warn_if_not_within(*outcome.kept);
    ModelFile in_bytes = quantized(outcome.kept->nodes(*outcome.sensitivity));
    return {std::move(outcome), std::move(in_bytes)};
}

} // namespace

ExitCode run_quantize(const Options& options) {
    const std::string out = text_option(options, "out"), report = text_option(options, "report");
    const auto images = static_cast<std::size_t>(number_option<int>(options, "images", 1, 100'000));
    quantize_options(options); // wrong options are told before anything is read
    max_drop_option(options);
    install_stop_handlers();
    const ModelFile model = float_model(text_option(options, "model"));
    const std::vector<Dataset> datasets = calibration_sets(options, ClassTable(model.options.tasks));
    const std::vector<PictureChoice> choice = calibration_choice(datasets, model.options, images);
    if (choice.empty()) throw DataError(text_option(options, "calib") + ": no picture tells of any task of the model");
    Result result;
    try {
        result = quantize(model, choice, options);
    } catch (const Stopped&) {
        log_warning("stopped; nothing was written");
        return exit_code_of_signal(*stop_requested());
    } catch (const CheckError& error) { // a value that is not finite, or none at all
        throw ModelFileError(text_option(options, "model") + ": cannot be quantised: " + error.what());
    }
    result.model.save(out);
    if (!report.empty()) save_quantize_report(result.outcome, report);
    std::cout << (options.count("json") != 0 ? quantize_json(result.outcome) + "\n"
                                             : quantize_text(result.outcome, out));
    return ExitCode::ok;
}

} // namespace banyan
