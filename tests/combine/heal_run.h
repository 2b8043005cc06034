#pragma once

#include <string>

#include "combine/heal.h"
#include "model/saved_model.h"
#include "train/tiny_model.h"
#include "train/tiny_run.h"

namespace banyan::test {

/// Painted pictures, a config for them, an unmerged network of the tasks "red" and "blue" and merged ones, all with
/// their start values.
class HealRun {
public:
    HealRun() {
        data_.dir().write("config.json", data_.config_text());
        save("unmerged", data_.config().model, 1);
        save("merged", merged(), 2);
        save("other", merged(), 3);
    }

    std::string file(const std::string& name) const { return data_.file(name); }
    std::string model(const std::string& name) const { return file(name + ".banyan.safetensors"); }

    ModelOptions merged() const {
        ModelOptions options = data_.config().model;
        options.branches.resize(1);
        options.branches[0].name = "red+blue";
        options.branches[0].tasks = {"red", "blue"};
        return options;
    }
    HealOptions options(std::int64_t steps = 2) const {
        HealOptions options;
        options.config = file("config.json");
        options.merged = model("merged");
        options.teacher = model("unmerged");
        options.steps = steps;
        return options;
    }
    void save(const std::string& name, const ModelOptions& options, std::uint64_t seed) const {
        GraphModuleOptions module;
        module.seed = seed;
        save_model(model(name), MultiTaskModel(options, module));
    }

private:
    TinyData data_;
};

} // namespace banyan::test
