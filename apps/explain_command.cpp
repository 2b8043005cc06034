#include <algorithm>
#include <cstdio>
#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "apps/branch_shapes.h"
#include "apps/detector_values.h"
#include "apps/explain_onnx.h"
#include "apps/explain_plan.h"
#include "apps/onnx_values.h"
#include "apps/option_values.h"
#include "apps/random_picture.h"
#include "apps/run_commands.h"
#include "core/atomic_file.h"
#include "graph/cost.h"
#include "graph/dump.h"
#include "graph/picture.h"
#include "graph/remove_dead.h"
#include "infer/detector.h"
#include "model/multi_task_model.h"
#include "network/build_graph.h"
#include "network/model_file.h"
#include "train/train_config.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kPartNames = 2;  // "branches.face"
constexpr int kGroupNames = 4; // "branches.face.tower.0"

/// What the command explains: a network of a config or of a model file.
struct Subject {
    ModelOptions model;
    Graph graph;
    ModelFacts facts;
    std::vector<DatasetOptions> datasets; ///< empty for a model file
    HostTensors tensors;                  ///< empty for a config
};

bool is_model_file(const std::string& path) { return path.ends_with(".safetensors"); }

Subject load_subject(const Options& options) {
    const std::string path = text_option(options, "input");
    if (is_model_file(path)) {
        if (options.count("set") != 0) throw UsageError("--set: changes a config; " + path + " is a model file");
        ModelFile file = ModelFile::load(path);
        return {std::move(file.options), std::move(file.graph), std::move(file.facts), {}, std::move(file.tensors)};
    }
    RunConfig config = load_run_config(path, texts_option(options, "set"));
    Graph graph = build_graph(config.model);
    return {std::move(config.model), std::move(graph), {}, std::move(config.datasets), {}};
}

void restrict_graph(Subject& subject, const std::vector<std::string>& tasks) {
    subject.graph = keep_outputs(subject.graph, output_names_of(subject.model, tasks));
}

Json cost_json(const Cost& cost) {
    return {{"parameters", cost.parameters}, {"macs", cost.macs}, {"activation_bytes", cost.activation_bytes}};
}

bool is_in_graph(const Subject& subject, const BranchOptions& branch) {
    const std::vector<BranchOptions> of_head = branches_of_head(branch);
    return std::any_of(of_head.begin(), of_head.end(), [&](const BranchOptions& outputs) {
        return subject.graph.outputs.contains(class_output_name(outputs.name, branch.anchors.levels.front()));
    });
}

Json overview_json(const Subject& subject) {
    Json tasks = Json::array(), branches = Json::array(), parts = Json::object();
    for (const Task& task : subject.model.tasks) tasks.push_back({{"name", task.name}, {"classes", task.classes}});
    for (const BranchOptions& branch : subject.model.branches) {
        if (!is_in_graph(subject, branch)) continue;
        branches.push_back({{"name", branch.name},
                            {"tasks", branch.tasks},
                            {"levels", branch.anchors.levels},
                            {"anchors_per_cell", anchors_per_cell(branch.anchors)},
                            {"boxes", branch.head.boxes == BoxOutputs::shared ? "shared" : "per_task"}});
    }
    for (const auto& [name, cost] : cost_by_prefix(subject.graph, kPartNames)) parts[name] = cost_json(cost);
    return {{"input_side", subject.model.input_side},
            {"backbone", backbone_name(subject.model.backbone.type)},
            {"tasks", tasks},
            {"branches", branches},
            {"parts", parts},
            {"total", cost_json(total_cost(subject.graph))},
            {"facts", subject.facts}};
}

template <typename Item>
std::string joined(const std::vector<Item>& items) {
    std::string text;
    for (const Item& item : items) {
        if (!text.empty()) text += ", ";
        if constexpr (std::is_same_v<Item, std::string>) {
            text += item;
        } else {
            text += std::to_string(item);
        }
    }
    return text;
}

std::string cost_table(const Graph& graph, int name_parts) {
    const Cost total = total_cost(graph);
    std::string table;
    const auto add = [&](const std::string& name, const Cost& cost) {
        char line[160];
        const double share =
            total.macs == 0 ? 0 : 100.0 * static_cast<double>(cost.macs) / static_cast<double>(total.macs);
        std::snprintf(line, sizeof line, "  %-40s %12lld %10.2f %6.1f %%\n", name.c_str(),
                      static_cast<long long>(cost.parameters), static_cast<double>(cost.macs) / 1e6, share);
        table += line;
    };
    table += "  part                                       parameters  mega-MACs    share\n";
    for (const auto& [name, cost] : cost_by_prefix(graph, name_parts)) add(name, cost);
    add("total", total);
    return table;
}

void print_overview(const Subject& subject) {
    const ModelOptions& model = subject.model;
    std::cout << "input " << model.input_side << " x " << model.input_side << ", backbone "
              << backbone_name(model.backbone.type) << ", neck levels " << model.neck.first_level << " to "
              << model.neck.last_level << " of " << model.neck.channels << " channels\ntasks\n";
    for (const Task& task : model.tasks) std::cout << "  " << task.name << ": " << joined(task.classes) << "\n";
    std::cout << "branches\n";
    for (const BranchOptions& branch : model.branches) {
        if (!is_in_graph(subject, branch)) continue;
        const bool boxes = branch.anchors.kind == AnchorKind::boxes;
        std::cout << "  " << branch.name << ": tasks " << joined(branch.tasks) << "; "
                  << anchors_per_cell(branch.anchors) << (boxes ? " prior box(es)" : " point(s)")
                  << " a cell on levels " << joined(branch.anchors.levels) << "; head " << branch.head.depth << " x "
                  << branch.head.width;
        if (branch.head.box_bins > 0) std::cout << ", " << branch.head.box_bins << " bins a side";
        if (branches_of_head(branch).size() > 1) std::cout << ", outputs per task";
        std::cout << "\n";
    }
    for (const auto& [name, value] : subject.facts) std::cout << name << ": " << value << "\n";
    std::cout << "cost of one picture\n";
}

void print_anchors(const Subject& subject) {
    if (subject.datasets.empty()) {
        throw UsageError(
            ErrorText{"--anchors", "needs the boxes of data sets", "a training config", "a model file", ""});
    }
    const std::vector<Dataset> datasets = load_datasets(subject.datasets, ClassTable(subject.model.tasks));
    for (const BranchOptions& branch : subject.model.branches) {
        if (!is_in_graph(subject, branch)) continue;
        std::cout << anchor_report(branch, branch_shapes(branch, subject.model, datasets)) << "\n";
    }
}

/// The detector of the subject; a config's network has start values.
Detector detector_of(const Subject& subject, const Options& options) {
    ModelFile model{subject.model, subject.graph, subject.tensors, {}};
    if (model.tensors.empty()) {
        MultiTaskModel network(subject.model);
        model.graph = network.module().graph();
        model.tensors = network.module().to_host();
    }
    return Detector(std::move(model), detector_values(options));
}

void explain_detector(const Subject& subject, const Options& options) {
    Detector detector = detector_of(subject, options);
    const Image picture = random_picture();
    const auto run_timed = [&](std::vector<double>& seconds) {
        StageTimes times;
        times.each_step = true;
        detector.detect(picture, times);
        seconds = times.steps;
    };
    explain_plan(detector.engine(), run_timed, options);
}

} // namespace

ExitCode run_explain(const Options& options) {
    const std::string path = text_option(options, "input");
    if (is_onnx_file(path)) {
        explain_onnx(options);
        return ExitCode::ok;
    }
    refuse_options(options, {"outputs"}, path);
    Subject subject = load_subject(options);
    if (options.count("plan") != 0 || options.count("fusion") != 0) {
        explain_detector(subject, options);
        return ExitCode::ok;
    }
    if (options.count("tasks") != 0) restrict_graph(subject, split_names(text_option(options, "tasks"), "--tasks"));
    if (options.count("dot") != 0) write_file_atomically(text_option(options, "dot"), to_dot(subject.graph));
    if (options.count("svg") != 0) write_file_atomically(text_option(options, "svg"), to_svg(subject.graph));
    if (options.count("json") != 0) {
        std::cout << overview_json(subject).dump() << "\n";
        return ExitCode::ok;
    }
    print_overview(subject);
    std::cout << cost_table(subject.graph, options.count("cost") != 0 ? kGroupNames : kPartNames);
    if (options.count("graph") != 0) std::cout << "\n" << dump(subject.graph);
    if (options.count("anchors") != 0) {
        std::cout << "\n";
        print_anchors(subject);
    }
    return ExitCode::ok;
}

} // namespace banyan
