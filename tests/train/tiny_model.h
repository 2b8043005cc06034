#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "data/sample.h"
#include "model/libtorch.h"
#include "model/multi_task_model.h"
#include "train/train_options.h"

namespace banyan::test {

/// A branch with a small head on strides 8 and 16.
inline BranchOptions tiny_branch(const std::string& name, const std::vector<std::string>& tasks) {
    BranchOptions branch;
    branch.name = name;
    branch.tasks = tasks;
    branch.anchors.levels = {3, 4};
    branch.anchors.scales = {2};
    branch.head.depth = 1;
    branch.head.width = 8;
    branch.matcher.atss.top_k = 4;
    return branch;
}

/// A small trunk for 64 x 64 pixels and one branch a task; each task has one class of its name.
inline ModelOptions tiny_options(const std::vector<std::string>& tasks) {
    ModelOptions options;
    options.input_side = 64;
    options.backbone.width = 0.35;
    options.backbone.last_level = 4;
    options.neck.channels = 16;
    options.neck.first_level = 3;
    options.neck.last_level = 4;
    for (const std::string& task : tasks) {
        options.tasks.push_back({task, {task}});
        options.branches.push_back(tiny_branch(task, {task}));
    }
    return options;
}

/// float64 in plain memory order, so that sums may be compared all but exactly.
inline GraphModuleOptions double_module() {
    GraphModuleOptions options;
    options.dtype = at::kDouble;
    options.channels_last = false;
    options.seed = 3;
    return options;
}

inline TrainOptions fp32_options() {
    TrainOptions options;
    options.precision = Precision::fp32;
    return options;
}

/// Labels in which only the given classes are known, exhaustively.
inline Labels labels_of(std::size_t classes, const std::vector<int>& known, std::vector<LabelledBox> boxes) {
    Labels labels;
    labels.states.assign(classes, LabelState::unknown);
    for (const int id : known) labels.states[static_cast<std::size_t>(id)] = LabelState::exhaustive;
    labels.boxes = std::move(boxes);
    return labels;
}

/// Copies of all parameters and buffers whose names begin with `prefix`.
inline std::map<std::string, at::Tensor> copies_of(const GraphModule& module, const std::string& prefix = "") {
    std::map<std::string, at::Tensor> copies;
    for (const auto* tensors : {&module.parameters(), &module.buffers()}) {
        for (const auto& [name, tensor] : *tensors) {
            if (name.starts_with(prefix)) copies[name] = tensor.detach().clone();
        }
    }
    return copies;
}

/// Gradients of the parameters after a backward pass; undefined where there is none.
inline std::map<std::string, at::Tensor> take_gradients(GraphModule& module) {
    std::map<std::string, at::Tensor> gradients;
    for (const auto& [name, parameter] : module.parameters()) {
        gradients[name] = parameter.grad();
        at::Tensor handle = parameter;
        handle.mutable_grad().reset();
    }
    return gradients;
}

} // namespace banyan::test
