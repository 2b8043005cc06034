#pragma once

#include "backbone/backbone.h"

namespace banyan {

/// EfficientNet-Lite0; see build_backbone. Names are efficientnet_pytorch's without the leading underscores. Levels 2,
/// 3, 4, 5 are blocks 2, 4, 10 and 15 (24, 40, 112 and 320 channels), level 5 with a wide top `conv_head` (1280).
/// TensorFlow's padding and batch-norm eps 1e-3, as its weights were trained.
BackboneOutputs build_efficientnet_lite0(const BackboneOptions& options, GraphBuilder& builder, ValueId image);

} // namespace banyan
