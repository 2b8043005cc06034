#pragma once

#include "core/config_reader.h"
#include "network/model_config.h"

namespace banyan::test {

/// The smallest network that tests of model files need: one task "face", pictures of 64 px.
inline ModelOptions small_model() {
    ConfigReader reader = ConfigReader::from_text(R"({
        "tasks": [{"name": "face"}],
        "model": {
          "input_side": 64,
          "backbone": {"type": "mobilenet_v2", "width": 0.35},
          "neck": {"channels": 8, "first_level": 4, "last_level": 4},
          "branches": [{"name": "face", "tasks": ["face"], "anchors": {"levels": [4]},
                        "head": {"depth": 1, "width": 8}}]
        }})",
                                                  "small.json");
    ModelOptions options = parse_model(reader);
    reader.finish();
    return options;
}

} // namespace banyan::test
