#include "backbone/conv_norm.h"

namespace banyan {

ValueId append_conv_norm(GraphBuilder& builder, ValueId x, const ConvNormNames& names, const ConvNormOptions& options) {
    ConvAttributes conv;
    conv.out_channels = options.out_channels;
    conv.kernel = options.kernel;
    conv.stride = options.stride;
    conv.pad = options.padding == Padding::symmetric ? (options.kernel - 1) / 2 : 0;
    conv.groups = options.groups;
    conv.padding = options.padding;
    ValueId value = builder.conv(x, names.conv, conv);
    value = builder.batch_norm(value, names.norm, {options.eps, ""});
    return builder.activation(value, names.activation, options.activation);
}

} // namespace banyan
