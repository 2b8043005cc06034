#pragma once

#include "core/config_reader.h"
#include "heads/head.h"

namespace banyan {

/// `{"type": "dense", "tower": "separable", "depth": 2, "width": 96, "split_towers": false, "activation": "relu",
/// "prior": 0.01, "box_bins": 0}`; calls reader.finish(). @throws ConfigError
HeadOptions parse_head(ConfigReader reader);

} // namespace banyan
