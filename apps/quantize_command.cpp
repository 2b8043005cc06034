#include <algorithm>
#include <cstdio>
#include <iostream>

#include <nlohmann/json.hpp>

#include "apps/listed_datasets.h"
#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "apps/text_table.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "data/dataset_list.h"
#include "data/load_sample.h"
#include "data/picture_choice.h"
#include "graph/pass_list.h"
#include "network/model_file.h"
#include "quant/quantize_network.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kShownValues = 8;

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

struct Quantized {
    GraphWithValues network;
    CalibratedNetwork calibrated;
};

Quantized quantize(const ModelFile& model, const std::vector<PictureChoice>& choice, const Options& options) {
    const int side = model.options.input_side;
    const CalibrationPictures pictures{
        choice.size(), [&](std::size_t i) {
            LetterboxGeometry geometry;
            const PictureChoice& picture = choice[i];
            return load_eval_sample(*picture.dataset, picture.record, side, geometry).image.rgb;
        }};
    EngineOptions engine_options;
    engine_options.height = engine_options.width = side;
    engine_options.mean = model.options.preprocessing.mean;
    engine_options.std = model.options.preprocessing.std;
    if (options.count("threads") != 0) engine_options.threads = number_option<int>(options, "threads", 1, 1024);
    Progress progress("calibrating", static_cast<std::int64_t>(2 * choice.size()), "image");
    std::int64_t done = 0;
    const QuantizeOptions quantization = quantize_options(options);
    Quantized result;
    result.calibrated =
        calibrate_network(apply_passes({model.graph, model.tensors}), engine_options, pictures, quantization, [&] {
            if (stop_requested()) throw Stopped{};
            progress.update(++done);
        });
    progress.finish();
    result.network = quantized_network(result.calibrated, engine_options, pictures, quantization);
    return result;
}

Json value_json(const QuantizedValue& value, const ValueStatistics& statistics) {
    return {{"name", value.name},
            {"min", statistics.histogram.low()},
            {"max", statistics.histogram.high()},
            {"low", value.range.low},
            {"high", value.range.high},
            {"scale", value.quantization.scale},
            {"zero_point", value.quantization.zero_point},
            {"sqnr_db", value.sqnr_db}};
}

Json result_json(const CalibratedNetwork& result, const std::string& method, std::size_t pictures) {
    Json values = Json::array();
    for (const QuantizedValue& value : result.values) {
        values.push_back(value_json(value, result.statistics.at(value.name)));
    }
    return {{"method", method}, {"images", pictures}, {"values", values}};
}

std::string number_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", value);
    return text;
}

void print_table(const CalibratedNetwork& result, const std::string& file) {
    std::vector<QuantizedValue> worst = result.values;
    std::sort(worst.begin(), worst.end(),
              [](const QuantizedValue& a, const QuantizedValue& b) { return a.sqnr_db < b.sqnr_db; });
    if (worst.size() > kShownValues) worst.resize(kShownValues);
    TextTable table;
    table.add({"worst values", "seen from", "to", "kept from", "to", "dB"});
    for (const QuantizedValue& value : worst) {
        const Histogram& histogram = result.statistics.at(value.name).histogram;
        table.add({value.name, number_text(histogram.low()), number_text(histogram.high()),
                   number_text(value.range.low), number_text(value.range.high), number_text(value.sqnr_db)});
    }
    std::cout << result.values.size() << " values in 8 bits; written to " << file << "\n" << table.text();
}

} // namespace

ExitCode run_quantize(const Options& options) {
    const std::string out = text_option(options, "out"), method = text_option(options, "method");
    const auto images = static_cast<std::size_t>(number_option<int>(options, "images", 1, 100'000));
    quantize_options(options); // wrong options are told before anything is read
    install_stop_handlers();
    ModelFile model = float_model(text_option(options, "model"));
    const std::vector<Dataset> datasets = calibration_sets(options, ClassTable(model.options.tasks));
    const std::vector<PictureChoice> choice = calibration_choice(datasets, model.options, images);
    if (choice.empty()) throw DataError(text_option(options, "calib") + ": no picture tells of any task of the model");
    Quantized result;
    try {
        result = quantize(model, choice, options);
    } catch (const Stopped&) {
        log_warning("stopped; nothing was written");
        return exit_code_of_signal(*stop_requested());
    } catch (const CheckError& error) { // a value that is not finite, or none at all
        throw ModelFileError(text_option(options, "model") + ": cannot be quantised: " + error.what());
    }
    model.graph = result.network.graph;
    model.tensors = result.network.tensors;
    model.facts["quantized"] = method + ", " + std::to_string(choice.size()) + " pictures";
    model.save(out);
    if (options.count("json") != 0) {
        std::cout << result_json(result.calibrated, method, choice.size()).dump() << "\n";
    } else {
        print_table(result.calibrated, out);
    }
    return ExitCode::ok;
}

} // namespace banyan
