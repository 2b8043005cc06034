#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "graph/builder.h"

namespace banyan {

enum class BackboneType { mobilenet_v2, efficientnet_lite0, resnet18, resnet34, resnet50 };

struct BackboneOptions {
    BackboneType type = BackboneType::mobilenet_v2;
    double width = 1.0;    ///< mobilenet_v2: channel multiplier (channels are multiples of 8)
    int last_level = 5;    ///< cut behind this level (stride 2^level), 2..5
    bool wide_top = false; ///< mobilenet_v2, efficientnet_lite0: level 5 is the last 1x1 conv (1280 channels), not 320
    bool with_classifier = false;        ///< adds the ImageNet classifier, output "logits"; needs last_level 5
    std::string name = "trunk.backbone"; ///< prefix of nodes and parameters
};

/// Feature values by level: level l has stride 2^l.
struct BackboneOutputs {
    std::map<int, ValueId> levels; ///< 2 .. last_level
};

/// Appends the backbone to `image`. Sources: MobileNetV2 arXiv:1801.04381; EfficientNet arXiv:1905.11946 (lite
/// variant: no squeeze-excite, ReLU6, fixed stem and head); ResNet arXiv:1512.03385 (stride in the 3x3 conv).
/// @throws CheckError options out of range
BackboneOutputs build_backbone(const BackboneOptions& options, GraphBuilder& builder, ValueId image);

/// Network input = (x - mean) / std with x in 0..255, RGB order.
struct Preprocessing {
    std::array<double, 3> mean{127.5, 127.5, 127.5};
    std::array<double, 3> std{127.5, 127.5, 127.5};

    bool operator==(const Preprocessing&) const = default;
};

/// What the usual ImageNet weights of this backbone were trained with.
Preprocessing default_preprocessing(BackboneType type);

/// "mobilenet_v2", "resnet50", …
const char* backbone_name(BackboneType type);

} // namespace banyan
