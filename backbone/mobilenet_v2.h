#pragma once

#include "backbone/backbone.h"

namespace banyan {

/// MobileNetV2 with torchvision's names; see build_backbone. Levels 2, 3, 4, 5 are blocks 3, 6, 13 and 17 of `features`
/// (24, 32, 96 and 320 channels at width 1), level 5 with a wide top `features.18` (1280 channels).
BackboneOutputs build_mobilenet_v2(const BackboneOptions& options, GraphBuilder& builder, ValueId image);

} // namespace banyan
