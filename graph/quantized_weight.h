#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/host_tensor.h"

namespace banyan {

/// A weight [O, …] as s8 with one scale for each output channel: w ≈ data * scales[o].
struct QuantizedWeight {
    std::vector<std::int64_t> shape;
    std::vector<std::int8_t> data; ///< row-major, in -127 … 127
    std::vector<float> scales;     ///< [O]
};

/// The scale of each output channel [O]: max |w| / 127, so that nothing is clipped, but no less than the smallest
/// normal float; 1 where all are zero.
/// @param name of the parameter, for errors
/// @throws CheckError the size is not that of the shape, or a weight is NaN or infinite
std::vector<float> channel_scales(const std::string& name, const HostTensor& weight);

/// The weight in steps of channel_scales(), ties to even: every error is at most scale / 2. The 8-bit weights of the
/// engine and of exported files are these.
/// @throws CheckError as channel_scales()
QuantizedWeight quantize_weight(const std::string& name, const HostTensor& weight);
HostTensor dequantize_weight(const QuantizedWeight& quantized);

} // namespace banyan
