#pragma once

#include <cstdint>
#include <string>

#include "graph/builder.h"

namespace banyan {

/// Node names of one convolution layer, as the network's weights files number them: the convolution's and the batch
/// norm's are also their parameters' prefixes.
struct ConvNormNames {
    std::string conv;
    std::string norm;
    std::string activation{}; ///< not used with Activation::none
};

/// conv (no bias) -> batch norm -> activation of a backbone.
struct ConvNormOptions {
    std::int64_t out_channels = 0;
    std::int64_t kernel = 1;
    std::int64_t stride = 1;
    std::int64_t groups = 1;
    Activation activation = Activation::none;
    Padding padding = Padding::symmetric; ///< symmetric: (kernel - 1) / 2
    double eps = 1e-5;
};

ValueId append_conv_norm(GraphBuilder& builder, ValueId x, const ConvNormNames& names, const ConvNormOptions& options);

} // namespace banyan
