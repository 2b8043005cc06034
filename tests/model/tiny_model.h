#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "model/libtorch.h"
#include "model/multi_task_model.h"

namespace banyan::test {

/// Tasks "face" (two classes) and "hand" in branches of their names, over a small trunk for 64 x 64 pixels.
inline ModelOptions tiny_model_options() {
    ModelOptions options;
    options.tasks = {{"face", {"mask", "bare"}}, {"hand", {"hand"}}};
    options.input_side = 64;
    options.backbone.width = 0.35;
    options.backbone.last_level = 4;
    options.neck.channels = 16;
    options.neck.last_level = 4;
    options.branches.resize(2);
    for (std::size_t i = 0; i < 2; ++i) {
        BranchOptions& branch = options.branches[i];
        branch.name = options.tasks[i].name;
        branch.tasks = {branch.name};
        branch.anchors.levels = {3, 4};
        branch.anchors.scales = {2};
        branch.head.depth = 1;
        branch.head.width = 8;
    }
    options.branches[0].anchors.aspect_hw = {1, 2};
    return options;
}

inline GraphModuleOptions seeded(std::uint64_t seed) {
    GraphModuleOptions options;
    options.seed = seed;
    return options;
}

/// Scores on both sides of 1/2 and boxes near the anchors, so that an untrained model detects many things.
inline void make_talkative(MultiTaskModel& model) {
    torch::manual_seed(6);
    for (const Branch& branch : model.branches()) {
        const auto assign = [&](const std::string& part, double std) {
            const std::string name = "branches." + branch.name + part;
            const at::Tensor values = torch::randn(model.module().tensor(name).sizes()) * std;
            // Weights that sum to 0 show what differs between cells: the features themselves are much alike.
            model.module().assign(name, values.dim() == 4 ? values - values.mean({1}, true) : values * 0);
        };
        assign(".cls.weight", 0.2);
        assign(".cls.bias", 0);
        assign(".box.weight", 0.05);
    }
}

inline at::Tensor random_pixels(std::int64_t count, std::int64_t side = 64) {
    torch::manual_seed(8);
    return torch::randint(0, 256, {count, side, side, 3}, at::kByte);
}

} // namespace banyan::test
