#pragma once

#include <string>

#include "model/libtorch.h"
#include "model/multi_task_model.h"

namespace banyan::test {

/// Tasks "cat" (two classes), "dog" and "cow" in branches of their names over a small trunk for 64 x 64 pixels, with
/// points and separable towers of two layers.
inline ModelOptions tiny_network_options() {
    ModelOptions options;
    options.tasks = {{"cat", {"tom", "kitten"}}, {"dog", {"dog"}}, {"cow", {"cow"}}};
    options.input_side = 64;
    options.backbone.width = 0.35;
    options.backbone.last_level = 4;
    options.neck.channels = 16;
    options.neck.last_level = 4;
    for (const Task& task : options.tasks) {
        BranchOptions& branch = options.branches.emplace_back();
        branch.name = task.name;
        branch.tasks = {task.name};
        branch.anchors.kind = AnchorKind::points;
        branch.anchors.levels = {3, 4};
        branch.anchors.scales = {4};
        branch.head.depth = 2;
        branch.head.width = 16;
    }
    return options;
}

/// Every tensor drawn anew, norms too, so that nothing is 0 or alike by its start value.
inline void shake(MultiTaskModel& model, std::uint64_t seed) {
    torch::manual_seed(seed);
    const torch::NoGradGuard no_grad;
    for (const auto& [name, parameter] : model.module().graph().parameters) {
        const at::Tensor values = model.module().tensor(name);
        const at::Tensor noise = torch::randn(values.sizes(), values.options());
        const bool deviation = parameter.role == ParameterRole::norm_weight ||
                               parameter.role == ParameterRole::running_var || parameter.role == ParameterRole::scale;
        if (deviation)
            model.module().assign(name, values * (1 + 0.2 * noise).abs());
        else if (parameter.role == ParameterRole::conv_weight)
            model.module().assign(name, values + noise * values.std() * 0.1);
        else
            model.module().assign(name, values + 0.1 * noise);
    }
}

/// Gives one branch's head the tensors of another's.
inline void copy_branch(MultiTaskModel& model, const std::string& from, const std::string& to) {
    const std::string prefix = "branches." + from + ".";
    for (const auto& [name, parameter] : model.module().graph().parameters) {
        if (!name.starts_with(prefix)) continue;
        model.module().assign("branches." + to + "." + name.substr(prefix.size()), model.module().tensor(name));
    }
}

inline at::Tensor random_pictures(std::int64_t count, std::uint64_t seed = 8) {
    torch::manual_seed(seed);
    // Coarse patches of colour beside noise: features of cells differ and have neighbours alike.
    const at::Tensor coarse = torch::rand({count, 3, 8, 8}), fine = torch::rand({count, 3, 64, 64});
    const at::Tensor large = at::upsample_nearest2d(coarse, {64, 64});
    return ((large * 0.8 + fine * 0.2) * 255).to(at::kByte).permute({0, 2, 3, 1}).contiguous();
}

} // namespace banyan::test
