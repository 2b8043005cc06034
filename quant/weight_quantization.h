#pragma once

#include <vector>

#include "graph/quantized_weight.h"

namespace banyan {

/// SQNR of each output channel in dB; infinity where nothing is lost.
/// @throws CheckError of another shape than the weight
std::vector<double> channel_sqnr_db(const HostTensor& weight, const QuantizedWeight& quantized);

/// What rounding to 8 bits costs a weight, in dB of SQNR.
struct WeightError {
    double all_db = 0;   ///< of all its numbers
    double worst_db = 0; ///< of its worst output channel
};
/// @throws CheckError as quantize_weight()
WeightError weight_error(const std::string& name, const HostTensor& weight);

} // namespace banyan
