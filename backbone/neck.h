#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "graph/builder.h"

namespace banyan {

enum class NeckType {
    fpn, ///< top-down sums, arXiv:1612.03144
    pan  ///< fpn, then a bottom-up path, arXiv:1803.01534
};

struct NeckOptions {
    NeckType type = NeckType::fpn;
    std::int64_t channels = 96;
    int first_level = 3;
    int last_level = 6;                       ///< levels above the backbone's last one are made by stride-2 convs
    bool depthwise = false;                   ///< depthwise-separable 3x3 convs
    Activation activation = Activation::relu; ///< after the 3x3 convs' norms
    NormOptions norm{};                       ///< of all its convs
    std::string name = "trunk.neck";
};

/// Values P<first_level> … P<last_level>, all with NeckOptions::channels channels.
struct NeckOutputs {
    std::map<int, ValueId> levels;
};

/// @param levels backbone features by level; must hold first_level … min(last_level, highest level present)
/// @throws CheckError options out of range or a level is missing
NeckOutputs build_neck(GraphBuilder& builder, const std::map<int, ValueId>& levels, const NeckOptions& options);

} // namespace banyan
