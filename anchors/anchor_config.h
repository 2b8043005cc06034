#pragma once

#include "anchors/anchors.h"
#include "anchors/matcher.h"
#include "core/config_reader.h"

namespace banyan {

/// `{"kind": "boxes", "levels": [3, 4, 5, 6], "scales": [6], "aspect_hw": [1]}`, or instead of scales and aspects
/// `"sizes": [[[width, height], …], …]`, one list a level. Calls reader.finish(). @throws ConfigError
AnchorOptions parse_anchors(ConfigReader reader);
/// `{"type": "atss", "top_k": 9}` or
/// `{"type": "max_iou", "positive_iou": 0.5, "negative_iou": 0.4, "force_best": true}` or
/// `{"type": "tal", "top_k": 13, "alpha": 1, "beta": 6}` or `{"type": "simota", "top_k": 10, "iou_weight": 3}`; keys of
/// other types are unknown. Calls reader.finish(). @throws ConfigError
MatcherOptions parse_matcher(ConfigReader reader);

} // namespace banyan
