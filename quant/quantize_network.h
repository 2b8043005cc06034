#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "quant/bias_correction.h"
#include "quant/calibration.h"
#include "quant/thresholds.h"

namespace banyan {

struct QuantizeOptions {
    RangeMethod method = RangeMethod::mse;
    RangeOptions range;
    BiasCorrection biases = BiasCorrection::analytic;
    bool equalize = false; ///< equalize_layers() before anything else
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

/// A network that still computes exactly, with all that is needed to make it compute in 8 bits.
struct CalibratedNetwork {
    GraphWithValues network;            ///< equalised, if so wanted
    std::vector<QuantizedValue> values; ///< in the network's order
    std::map<std::string, ValueStatistics> statistics;
    std::set<std::string> exact_nodes; ///< convolutions and linear layers that keep_float names
};

/// Watches a network whose batch norms are folded on the calibration pictures and chooses the ranges of all values that
/// convolutions read.
/// @param engine_options of the float32 engine that is observed: size, mean, std, threads
/// @throws CheckError no pictures; a value that is not finite or was never other than empty (names it)
CalibratedNetwork calibrate_network(
    GraphWithValues network, const EngineOptions& engine_options, const CalibrationPictures& pictures,
    const QuantizeOptions& options, const std::function<void()>& each = [] {});

/// Post-training quantisation: fake_quants put in, weights rounded, biases corrected.
/// @param options of the same calibration; keep_float may name more
GraphWithValues quantized_network(const CalibratedNetwork& calibrated, const EngineOptions& engine_options,
                                  const CalibrationPictures& pictures, const QuantizeOptions& options);

/// Both in one: calibrate_network(), then quantized_network().
GraphWithValues quantize_network(GraphWithValues network, const EngineOptions& engine_options,
                                 const CalibrationPictures& pictures, const QuantizeOptions& options = {});

/// The fake_quant of each value.
std::map<std::string, FakeQuantAttributes> rounding_of_values(const std::vector<QuantizedValue>& values);

} // namespace banyan
