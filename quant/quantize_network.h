#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "quant/calibration.h"
#include "quant/thresholds.h"

namespace banyan {

struct QuantizeOptions {
    RangeMethod method = RangeMethod::mse;
    RangeOptions range;
    bool correct_biases = true; ///< correct_biases()
    bool equalize = false;      ///< equalize_layers() before anything else
    /// Prefixes of node names ("branches.face", "trunk.backbone.features.0"): what they name goes on reading exact
    /// values and computes in floating point.
    std::vector<std::string> keep_float;
};

/// What was decided on one value.
struct QuantizedValue {
    std::string name;
    QuantRange range; ///< that was chosen
    Quantization quantization;
    double sqnr_db = 0; ///< of rounding and clipping, on the calibration's histogram
};

struct QuantizedNetwork {
    GraphWithValues network;            ///< with fake_quants and rounded weights
    std::vector<QuantizedValue> values; ///< in the network's order
    std::map<std::string, ValueStatistics> statistics;
};

/// Post-training quantisation of a network whose batch norms are folded: ranges of all values that convolutions read
/// are chosen from the calibration pictures, weights rounded, biases corrected.
/// @param engine_options of the float32 engine that is observed: size, mean, std, threads
/// @throws CheckError no pictures; a value that is not finite or was never other than empty (names it)
QuantizedNetwork quantize_network(
    GraphWithValues network, const EngineOptions& engine_options, const CalibrationPictures& pictures,
    const QuantizeOptions& options, const std::function<void()>& each = [] {});

/// Takes from each bias what rounding the weights adds to the layer's mean output:
///   bias_o -= sum over i, k of (rounded - exact)[o, i, k] * E[x_i]
/// with the channel means E[x] of the values that the layer reads, over all its nodes; borders count as the inside.
/// Source: "Data-Free Quantization Through Weight Equalization and Bias Correction", arXiv:1906.04721, section 4.2,
/// with measured means.
void correct_biases(const Graph& graph, const HostTensors& exact, const std::map<std::string, ValueStatistics>& read,
                    HostTensors& rounded);

} // namespace banyan
