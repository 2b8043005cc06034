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

/// scale = max |w| / 127 in each output channel (1 where all are zero), so that nothing is clipped and every error is
/// at most scale / 2.
/// @param name of the parameter, for errors
/// @throws CheckError the size is not that of the shape, or a weight is NaN or infinite
QuantizedWeight quantize_weight(const std::string& name, const HostTensor& weight);
HostTensor dequantize_weight(const QuantizedWeight& quantized);

/// SQNR of each output channel in dB; infinity where nothing is lost.
/// @throws CheckError of another shape than the weight
std::vector<double> channel_sqnr_db(const HostTensor& weight, const QuantizedWeight& quantized);

} // namespace banyan
