#pragma once

#include <vector>

#include "graph/quantized_weight.h"

namespace banyan {

/// SQNR of each output channel in dB; infinity where nothing is lost.
/// @throws CheckError of another shape than the weight
std::vector<double> channel_sqnr_db(const HostTensor& weight, const QuantizedWeight& quantized);

} // namespace banyan
