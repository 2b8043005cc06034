#include "backbone/backbone.h"

#include "backbone/efficientnet_lite0.h"
#include "backbone/mobilenet_v2.h"
#include "backbone/resnet.h"
#include "core/check.h"

namespace banyan {

namespace {

void check_options(const BackboneOptions& options) {
    const std::string where = std::string("backbone ") + backbone_name(options.type);
    const bool has_wide_top =
        options.type == BackboneType::mobilenet_v2 || options.type == BackboneType::efficientnet_lite0;
    BANYAN_CHECK(!options.name.empty(), where, ": expected a name as prefix of nodes and parameters, found \"\"");
    BANYAN_CHECK(options.last_level >= 2 && options.last_level <= 5, where, ": expected last_level in [2, 5], found ",
                 options.last_level);
    BANYAN_CHECK(options.width >= 0.1 && options.width <= 4.0, where, ": expected width in [0.1, 4], found ",
                 options.width);
    BANYAN_CHECK(options.width == 1.0 || options.type == BackboneType::mobilenet_v2, where,
                 ": only mobilenet_v2 has a width, found ", options.width);
    BANYAN_CHECK(!options.wide_top || has_wide_top, where,
                 ": only mobilenet_v2 and efficientnet_lite0 have a wide top");
    BANYAN_CHECK(!options.wide_top || options.last_level == 5, where, ": a wide top needs last_level 5, found ",
                 options.last_level);
    BANYAN_CHECK(!options.with_classifier || options.last_level == 5, where,
                 ": the classifier needs last_level 5, found ", options.last_level);
}

} // namespace

BackboneOutputs build_backbone(const BackboneOptions& options, GraphBuilder& builder, ValueId image) {
    check_options(options);
    switch (options.type) {
    case BackboneType::mobilenet_v2: return build_mobilenet_v2(options, builder, image);
    case BackboneType::efficientnet_lite0: return build_efficientnet_lite0(options, builder, image);
    case BackboneType::resnet18:
    case BackboneType::resnet34:
    case BackboneType::resnet50: return build_resnet(options, builder, image);
    }
    throw CheckError("backbone: unknown type");
}

Preprocessing default_preprocessing(BackboneType type) {
    switch (type) {
    case BackboneType::mobilenet_v2: return {};
    case BackboneType::efficientnet_lite0: return {{127, 127, 127}, {128, 128, 128}};
    case BackboneType::resnet18:
    case BackboneType::resnet34:
    case BackboneType::resnet50: return {{123.675, 116.28, 103.53}, {58.395, 57.12, 57.375}};
    }
    throw CheckError("backbone: unknown type");
}

const char* backbone_name(BackboneType type) {
    switch (type) {
    case BackboneType::mobilenet_v2: return "mobilenet_v2";
    case BackboneType::efficientnet_lite0: return "efficientnet_lite0";
    case BackboneType::resnet18: return "resnet18";
    case BackboneType::resnet34: return "resnet34";
    case BackboneType::resnet50: return "resnet50";
    }
    return "?";
}

} // namespace banyan
