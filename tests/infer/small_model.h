#pragma once

#include <string>
#include <utility>

#include "core/config_reader.h"
#include "core/random.h"
#include "model/saved_model.h"
#include "network/model_config.h"

namespace banyan::test {

/// A network small enough for a test: three tasks in two branches ("people" serves two).
inline ModelOptions small_model_options() {
    constexpr const char* kText = R"({
      "tasks": [{"name": "person"}, {"name": "face", "classes": ["bare", "masked"]}, {"name": "hand"}],
      "model": {
        "input_side": 64,
        "backbone": {"type": "mobilenet_v2", "width": 0.35},
        "neck": {"channels": 16, "first_level": 3, "last_level": 5},
        "branches": [
          {"name": "people", "tasks": ["person", "hand"],
           "anchors": {"levels": [3, 4, 5]}, "head": {"depth": 1, "width": 16, "prior": 0.2}},
          {"name": "face", "anchors": {"kind": "points", "levels": [3, 4, 5]},
           "head": {"depth": 1, "width": 16, "prior": 0.2, "box_bins": 16}}
        ]
      }
    })";
    ConfigReader reader = ConfigReader::from_text(kText, "small.json");
    ModelOptions options = parse_model(reader);
    reader.finish();
    return options;
}

/// Gives every batch norm statistics and affine parts of its own, so that folding has something to fold, and spreads
/// the class scores, which at the start are all near the prior.
inline void disturb(MultiTaskModel& model) {
    HostTensors tensors = model.module().to_host();
    std::uint64_t stream = 0;
    for (auto& [name, tensor] : tensors) {
        Random random(7, ++stream);
        const bool variance = name.ends_with("running_var"), norm = variance || name.ends_with("running_mean");
        const bool vector = tensor.shape.size() == 1 && name.find(".box_scale") == std::string::npos;
        for (float& value : tensor.data) {
            if (variance)
                value = static_cast<float>(random.uniform(0.5, 2.0));
            else if (norm)
                value = static_cast<float>(random.uniform(-0.2, 0.2));
            else if (vector)
                value += static_cast<float>(random.uniform(-0.2, 0.2));
            else if (name.find(".cls.") != std::string::npos)
                value *= 20;
        }
    }
    model.module().load_host(tensors);
}

/// Writes such a network. @param boxes of the branch that serves two tasks @return its path
inline std::string write_small_model(const std::string& path, std::uint64_t seed = 1,
                                     BoxOutputs boxes = BoxOutputs::shared) {
    GraphModuleOptions module_options;
    module_options.seed = seed;
    ModelOptions options = small_model_options();
    options.branches.front().head.boxes = boxes;
    MultiTaskModel model(std::move(options), module_options);
    disturb(model);
    save_model(path, model);
    return path;
}

} // namespace banyan::test
