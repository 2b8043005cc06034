#pragma once

#include "backbone/backbone.h"
#include "backbone/neck.h"
#include "core/config_reader.h"

namespace banyan {

/// `{"type": "mobilenet_v2", "width": 1.0, "last_level": 5, "wide_top": false}`; calls reader.finish().
BackboneOptions parse_backbone(ConfigReader reader);
/// `{"type": "fpn", "channels": 96, "first_level": 3, "last_level": 6, "depthwise": false, "activation": "relu"}`;
/// calls reader.finish().
NeckOptions parse_neck(ConfigReader reader);
/// `{"mean": [r, g, b], "std": [r, g, b]}` on 0..255; calls reader.finish().
Preprocessing parse_preprocessing(ConfigReader reader, const Preprocessing& fallback);

/// Name tables for configs and messages.
const ConfigReader::Choices<BackboneType>& backbone_choices();
const ConfigReader::Choices<NeckType>& neck_choices();
const ConfigReader::Choices<Activation>& activation_choices();

} // namespace banyan
