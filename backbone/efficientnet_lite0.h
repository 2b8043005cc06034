#pragma once

#include "backbone/backbone.h"

namespace banyan {

/// EfficientNet-Lite0; see build_backbone. Names are efficientnet_pytorch's without the leading underscores. Levels 2,
/// 3, 4, 5 are blocks 2, 4, 10 and 15 (24, 40, 112 and 320 channels), level 5 with a wide top `conv_head` (1280).
/// TensorFlow's padding, batch-norm eps 1e-3 and input (x - 127) / 128, as its weights were trained: with these, and
/// not with torchvision's mean and deviation, the batch statistics of real pictures agree with the running ones.
BackboneOutputs build_efficientnet_lite0(const BackboneOptions& options, GraphBuilder& builder, ValueId image);

} // namespace banyan
