#include "train/start_weights.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.h"
#include "network/model_config.h"
#include "network/model_file.h"

namespace banyan {

namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& expected, const std::string& found) {
    throw ModelFileError(ErrorText{path, "does not fit the network that is to start from it", expected, found,
                                   "compare both with `banyan explain`"});
}

/// "person (person), head (helmet, bare)"
std::string tasks_text(const std::vector<Task>& tasks) {
    std::string text;
    for (const Task& task : tasks) {
        std::string classes;
        for (const std::string& name : task.classes) classes += (classes.empty() ? "" : ", ") + name;
        text += (text.empty() ? "" : ", ") + task.name + " (" + classes + ")";
    }
    return "tasks " + text;
}

std::string branches_text(const ModelOptions& options) {
    std::string text;
    for (const BranchOptions& branch : options.branches) {
        std::string tasks;
        for (const std::string& task : branch.tasks) tasks += (tasks.empty() ? "" : "+") + task;
        text += (text.empty() ? "" : ", ") + branch.name + " (" + tasks + ")";
    }
    return "branches " + text;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
    std::ostringstream out;
    out << "[";
    for (std::size_t i = 0; i < shape.size(); ++i) out << (i == 0 ? "" : ", ") << shape[i];
    out << "]";
    return out.str();
}

/// What shapes alone do not tell.
void check_meaning(const ModelOptions& network, const ModelOptions& file, const std::string& path) {
    if (network.tasks != file.tasks) refuse(path, tasks_text(network.tasks), tasks_text(file.tasks));
    if (branches_text(network) != branches_text(file)) refuse(path, branches_text(network), branches_text(file));
    for (std::size_t b = 0; b < network.branches.size(); ++b) {
        if (network.branches[b].anchors == file.branches[b].anchors) continue;
        refuse(path, "the network's anchors of branch " + network.branches[b].name, "others");
    }
    if (network.preprocessing != file.preprocessing) refuse(path, "the network's mean and std of pixels", "others");
}

void check_tensors(const Graph& network, const HostTensors& tensors, const std::string& path) {
    for (const auto& [name, parameter] : network.parameters) {
        const auto found = tensors.find(name);
        if (found == tensors.end()) refuse(path, "tensor \"" + name + "\"", "none");
        if (found->second.shape == parameter.shape) continue;
        refuse(path, "tensor \"" + name + "\" of shape " + shape_text(parameter.shape),
               shape_text(found->second.shape));
    }
    for (const auto& [name, tensor] : tensors) {
        if (network.parameters.count(name) == 0) refuse(path, "no tensor \"" + name + "\"", "one");
    }
}

bool is_quantized(const Graph& graph) {
    return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                       [](const Node& node) { return std::holds_alternative<FakeQuantAttributes>(node.attributes); });
}

/// The graph of a quantised file says nothing of the options that it was built by. Losses, matchers, suppression, what
/// detection keeps and the input's size may differ.
void check_structure(const ModelOptions& network, ModelOptions file, const std::string& path) {
    file.input_side = network.input_side;
    file.detection = network.detection;
    for (std::size_t b = 0; b < network.branches.size(); ++b) {
        file.branches[b].matcher = network.branches[b].matcher;
        file.branches[b].loss = network.branches[b].loss;
        file.branches[b].nms = network.branches[b].nms;
    }
    if (to_json(network) != to_json(file)) refuse(path, "the network's backbone, neck, norms and heads", "others");
}

} // namespace

MultiTaskModel make_network(const ModelOptions& options, const std::string& init,
                            const GraphModuleOptions& module_options) {
    if (init.empty()) return MultiTaskModel(options, module_options);
    ModelFile file = ModelFile::load(init);
    if (!is_quantized(file.graph)) return MultiTaskModel(options, module_options);
    check_meaning(options, file.options, init);
    check_structure(options, file.options, init);
    return {options, std::move(file.graph), module_options};
}

void start_from_model(MultiTaskModel& model, const std::string& path) {
    const ModelFile file = ModelFile::load(path);
    check_meaning(model.options(), file.options, path);
    check_tensors(model.module().graph(), file.tensors, path);
    model.module().load_host(file.tensors);
}

} // namespace banyan
