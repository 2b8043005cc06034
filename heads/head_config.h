#pragma once

#include "core/config_reader.h"
#include "heads/head.h"

namespace banyan {

const ConfigReader::Choices<BoxOutputs>& box_outputs_choices();

/// `{"type": "dense", "tower": "separable", "depth": 2, "width": 96, "split_towers": false, "activation": "relu",
/// "prior": 0.01, "box_bins": 0, "boxes": "shared"}`; calls reader.finish(). @throws ConfigError
HeadOptions parse_head(ConfigReader reader);

} // namespace banyan
