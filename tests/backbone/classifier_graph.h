#pragma once

#include <cstdint>

#include "backbone/backbone.h"

namespace banyan::test {

/// A whole backbone with its classifier, for square pictures.
inline Graph classifier_graph(BackboneType type, std::int64_t side) {
    BackboneOptions options;
    options.type = type;
    options.with_classifier = true;
    options.wide_top = type == BackboneType::mobilenet_v2 || type == BackboneType::efficientnet_lite0;
    GraphBuilder builder(side, side);
    build_backbone(options, builder, builder.image());
    return builder.build();
}

} // namespace banyan::test
