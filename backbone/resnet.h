#pragma once

#include "backbone/backbone.h"

namespace banyan {

/// ResNet-18, -34 and -50 with torchvision's names; see build_backbone. Level l is `layer<l-1>`.
BackboneOutputs build_resnet(const BackboneOptions& options, GraphBuilder& builder, ValueId image);

} // namespace banyan
