#include <algorithm>
#include <cstdio>
#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "apps/command_line.h"
#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "apps/text_table.h"
#include "core/atomic_file.h"
#include "graph/onnx_export.h"
#include "graph/pass_list.h"
#include "graph/remove_dead.h"
#include "graph/shape_inference.h"
#include "graph/tensorrt_table.h"
#include "heads/head.h"
#include "network/branch.h"
#include "network/build_graph.h"
#include "network/model_file.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kMostPictures = 1024; // of a batch

constexpr const char* kPreprocessing =
    "image: float32 [N, 3, H, W], RGB, 0..255; the network subtracts the mean and divides by the standard deviation "
    "itself. A picture is scaled to fit, its sides kept in proportion, and centred; what stays free is grey 114. Boxes "
    "are in pixels of this input.";

/// What is exported: a network that makes the wanted outputs at its input size, and the options of the whole model.
struct ExportSubject {
    ModelOptions model;
    GraphWithValues network;
    std::vector<Branch> branches;
    std::int64_t batch = 1;
    std::string table; ///< for --calibration-table
};

/// The network without rounding; its scales go into the table.
void take_out_rounding(ExportSubject& subject, const std::string& model) {
    const std::size_t nodes = subject.network.graph.nodes.size();
    subject.table = tensorrt_table(subject.network.graph);
    subject.network.graph = without_fake_quant(subject.network.graph);
    if (subject.network.graph.nodes.size() < nodes) return;
    throw UsageError(
        ErrorText{"--calibration-table", "needs scales", "a model that `banyan quantize` has made", model, ""});
}

ExportSubject load_subject(const Options& options) {
    ExportSubject subject;
    subject.batch = number_option<int>(options, "batch", 1, kMostPictures);
    ModelFile file = ModelFile::load(text_option(options, "model"));
    if (options.count("tasks") != 0) {
        const std::vector<std::string> tasks = split_names(text_option(options, "tasks"), "--tasks");
        file.graph = keep_outputs(file.graph, output_names_of(file.options, tasks));
    }
    if (options.count("side") != 0) {
        const int side = side_option(options);
        file.graph = resized(std::move(file.graph), side, side);
    }
    std::vector<std::string> disabled;
    if (options.count("keep-norms") != 0) disabled.emplace_back("fold_batch_norm");
    subject.network = apply_passes({std::move(file.graph), std::move(file.tensors)}, disabled);
    if (options.count("calibration-table") != 0) take_out_rounding(subject, text_option(options, "model"));
    subject.branches = find_branches(file.options, ClassTable(file.options.tasks), subject.network.graph);
    subject.model = std::move(file.options);
    return subject;
}

/// The tasks that the outputs serve, in the model's order. Of a branch that serves several all are there: they share
/// its outputs.
Json tasks_json(const ExportSubject& subject) {
    const ClassTable table(subject.model.tasks);
    Json tasks = Json::array();
    for (std::size_t t = 0; t < table.tasks().size(); ++t) {
        const Task& task = table.tasks()[t];
        const bool served = std::any_of(subject.branches.begin(), subject.branches.end(), [&](const Branch& branch) {
            const std::vector<std::string>& names = branch.options.tasks;
            return std::find(names.begin(), names.end(), task.name) != names.end();
        });
        if (!served) continue;
        tasks.push_back({{"name", task.name},
                         {"classes", task.classes},
                         {"first_class_id", table.first_class(static_cast<int>(t))}});
    }
    return tasks;
}

Json anchors_json(const AnchorOptions& anchors) {
    if (anchors.kind == AnchorKind::points) return {{"kind", "points"}, {"per_cell", 1}};
    Json json{{"kind", "boxes"}, {"per_cell", anchors_per_cell(anchors)}, {"sizes_px", Json::array()}};
    for (std::size_t level = 0; level < anchors.levels.size(); ++level) {
        Json sizes = Json::array();
        for (const AnchorSize& size : sizes_of_level(anchors, level)) sizes.push_back({size.width_px, size.height_px});
        json["sizes_px"].push_back(std::move(sizes));
    }
    return json;
}

/// What turns the outputs into boxes.
Json branches_json(const ExportSubject& subject) {
    Json branches = Json::array();
    for (const Branch& branch : subject.branches) {
        const AnchorOptions& anchors = branch.options.anchors;
        Json strides = Json::array(), class_outputs = Json::array(), box_outputs = Json::array();
        for (const int level : anchors.levels) {
            strides.push_back(1 << level);
            class_outputs.push_back(class_output_name(branch.name, level));
            box_outputs.push_back(box_output_name(branch.name, level));
        }
        branches.push_back({{"name", branch.name},
                            {"tasks", branch.options.tasks},
                            {"class_ids", branch.classes},
                            {"levels", anchors.levels},
                            {"strides_px", strides},
                            {"class_outputs", class_outputs},
                            {"box_outputs", box_outputs},
                            {"anchors", anchors_json(anchors)},
                            {"box_bins", branch.options.head.box_bins}});
    }
    return branches;
}

OnnxExportOptions export_options(const ExportSubject& subject) {
    OnnxExportOptions options;
    options.batch = subject.batch;
    options.mean = subject.model.preprocessing.mean;
    options.std = subject.model.preprocessing.std;
    options.producer_version = version_number();
    options.metadata = {{"banyan.tasks", tasks_json(subject).dump()},
                        {"banyan.branches", branches_json(subject).dump()},
                        {"banyan.preprocessing", kPreprocessing}};
    return options;
}

std::vector<std::int64_t> dims_of(const ExportSubject& subject, ValueId value) {
    const ValueShape& shape = subject.network.graph.value(value).shape;
    return {subject.batch, shape.channels, shape.height, shape.width};
}

void print_json(const std::string& path, std::size_t bytes, const ExportSubject& subject) {
    const Graph& graph = subject.network.graph;
    Json outputs = Json::object();
    for (const auto& [name, value] : graph.outputs) outputs[name] = dims_of(subject, value);
    const Json json{{"file", path},
                    {"format", "onnx"},
                    {"opset", kOnnxOpset},
                    {"bytes", bytes},
                    {"input", {{kImageName, dims_of(subject, graph.input)}}},
                    {"outputs", outputs},
                    {"tasks", tasks_json(subject)}};
    std::cout << json.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
}

void print_text(const std::string& path, std::size_t bytes, const ExportSubject& subject) {
    const Graph& graph = subject.network.graph;
    TextTable table;
    const auto add = [&](const std::string& name, ValueId value) {
        std::vector<std::string> row{name};
        for (const std::int64_t extent : dims_of(subject, value)) row.push_back(std::to_string(extent));
        table.add(std::move(row));
    };
    table.add({"", "N", "C", "H", "W"});
    add(kImageName, graph.input);
    for (const auto& [name, value] : graph.outputs) add(name, value);
    char megabytes[32];
    std::snprintf(megabytes, sizeof megabytes, "%.1f MB", static_cast<double>(bytes) / 1e6);
    std::cout << table.text() << "written to " << path << ": ONNX opset " << kOnnxOpset << ", " << graph.nodes.size()
              << " nodes, " << megabytes << "\n";
}

} // namespace

ExitCode run_export(const Options& options) {
    const std::string format = text_option(options, "to"), path = text_option(options, "out");
    if (format != "onnx") {
        throw UsageError(ErrorText{"--to", "unknown format", "onnx", "\"" + format + "\"", ""});
    }
    const ExportSubject subject = load_subject(options);
    const std::string bytes = to_onnx(subject.network, export_options(subject));
    write_file_atomically(path, bytes);
    if (!subject.table.empty()) write_file_atomically(text_option(options, "calibration-table"), subject.table);
    if (options.count("json") != 0) {
        print_json(path, bytes.size(), subject);
    } else {
        print_text(path, bytes.size(), subject);
    }
    return ExitCode::ok;
}

} // namespace banyan
