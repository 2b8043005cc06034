#include <iostream>
#include <optional>
#include <utility>

#include "apps/listed_datasets.h"
#include "apps/option_values.h"
#include "apps/quantize_output.h"
#include "apps/run_commands.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "data/dataset_list.h"
#include "data/load_sample.h"
#include "data/picture_choice.h"
#include "graph/pass_list.h"
#include "heads/head.h"
#include "network/branch.h"
#include "network/model_file.h"

namespace banyan {

namespace {

/// Thrown out of the calibration when a signal asks to stop.
struct Stopped {};

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

void stop_if_requested() {
    if (stop_requested()) throw Stopped{};
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

/// Makes `model` compute in 8 bits.
QuantizeOutcome quantize(ModelFile& model, const std::vector<PictureChoice>& choice, const Options& options) {
    const QuantizeOptions quantization = quantize_options(options);
    const Calibration calibration = calibration_of(model, choice, options);
    QuantizeOutcome outcome{text_option(options, "model"),
                            text_option(options, "method"),
                            text_option(options, "bias"),
                            choice.size(),
                            calibrate(model, calibration, quantization),
                            outputs_by_branch(model),
                            {}};
    if (options.count("report") != 0) outcome.sensitivity = sensitivity_of(outcome, calibration);
    GraphWithValues network =
        quantized_network(outcome.calibrated, calibration.engine, calibration.pictures, quantization);
    model.graph = std::move(network.graph);
    model.tensors = std::move(network.tensors);
    model.facts["quantized"] = outcome.method + ", " + std::to_string(choice.size()) + " pictures";
    return outcome;
}

} // namespace

ExitCode run_quantize(const Options& options) {
    const std::string out = text_option(options, "out"), report = text_option(options, "report");
    const auto images = static_cast<std::size_t>(number_option<int>(options, "images", 1, 100'000));
    quantize_options(options); // wrong options are told before anything is read
    install_stop_handlers();
    ModelFile model = float_model(text_option(options, "model"));
    const std::vector<Dataset> datasets = calibration_sets(options, ClassTable(model.options.tasks));
    const std::vector<PictureChoice> choice = calibration_choice(datasets, model.options, images);
    if (choice.empty()) throw DataError(text_option(options, "calib") + ": no picture tells of any task of the model");
    QuantizeOutcome outcome;
    try {
        outcome = quantize(model, choice, options);
    } catch (const Stopped&) {
        log_warning("stopped; nothing was written");
        return exit_code_of_signal(*stop_requested());
    } catch (const CheckError& error) { // a value that is not finite, or none at all
        throw ModelFileError(text_option(options, "model") + ": cannot be quantised: " + error.what());
    }
    model.save(out);
    if (!report.empty()) save_quantize_report(outcome, report);
    std::cout << (options.count("json") != 0 ? quantize_json(outcome) + "\n" : quantize_text(outcome, out));
    return ExitCode::ok;
}

} // namespace banyan
