#pragma once

#include <string>
#include <vector>

#include "model/libtorch.h"
#include "model/saved_model.h"
#include "support/temp_dir.h"
#include "train/teacher.h"
#include "train/tiny_model.h"

namespace banyan::test::teaching {

inline const std::vector<std::string> kTasks{"face", "hand"};

/// Group norms, so that a branch in training gives what it gives when it is run.
inline ModelOptions separate(const std::vector<std::string>& tasks = kTasks) {
    ModelOptions options = tiny_options(tasks);
    options.norm.kind = NormKind::group;
    options.norm.groups = 4;
    return options;
}
inline ModelOptions merged() {
    ModelOptions options = separate();
    options.branches = {tiny_branch("both", kTasks)};
    return options;
}

inline TrainOptions frozen_trunk() {
    TrainOptions options = fp32_options();
    options.trunk_lr_scale = 0;
    options.trunk_norm = TrunkNorm::batch;
    options.warmup_steps = 0;
    options.lr = 0.01;
    return options;
}

/// Every learned tensor drawn anew, so that logits are no constants and some scores are high.
inline void shake(MultiTaskModel& model, std::uint64_t seed) {
    torch::manual_seed(seed);
    const torch::NoGradGuard no_grad;
    for (const auto& [name, tensor] : model.module().parameters()) {
        if (!name.starts_with("branches.")) continue;
        at::Tensor values = tensor;
        values.add_(torch::randn_like(values) * 0.4);
        if (name.ends_with(".cls.bias")) values.fill_(0.5);
    }
}

class TeacherFile {
public:
    explicit TeacherFile(const ModelOptions& options, std::uint64_t seed = 5) {
        MultiTaskModel model(options, double_module());
        shake(model, seed);
        save_model(path(), model);
    }
    std::string path() const { return dir_.file("teacher.banyan.safetensors"); }

private:
    TempDir dir_;
};

inline TeacherOptions teacher_options(const TeacherFile& file) {
    TeacherOptions options;
    options.model = file.path();
    return options;
}

/// The only teacher of a network.
inline Teachers one(const TeacherOptions& options, MultiTaskModel& model, const TeacherSetting& setting) {
    Teachers teachers;
    teachers.emplace_back(options, model, setting);
    return teachers;
}

inline at::Tensor images(std::int64_t rows = 3) {
    torch::manual_seed(8);
    return torch::randn({rows, 3, 64, 64}, at::kDouble);
}

} // namespace banyan::test::teaching
