#pragma once

#include <map>
#include <string>

#include "graph/enum_names.h"
#include "quant/calibration.h"

namespace banyan {

/// How biases make up for what rounding adds to a layer's mean output.
enum class BiasCorrection {
    none,
    analytic,  ///< correct_biases(): from the rounded weights and the mean of what the layer reads
    sequential ///< correct_biases_in_order(): measured, layer by layer
};
const NameTable<BiasCorrection>& bias_correction_names();

/// Takes from each bias what rounding the weights adds to the layer's mean output:
///   bias_o -= sum over i, k of (rounded - exact)[o, i, k] * E[x_i]
/// with the channel means E[x] of the values that the layer reads, over all its nodes; borders count as the inside.
/// Source: "Data-Free Quantization Through Weight Equalization and Bias Correction", arXiv:1906.04721, section 4.2,
/// with measured means.
void correct_biases(const Graph& graph, const HostTensors& exact, const std::map<std::string, ValueStatistics>& read,
                    HostTensors& rounded);

/// Pictures that correct_biases_in_order() runs at once.
constexpr std::size_t kSequentialPictures = 16;

/// Takes from each bias by how much the layer's mean output in the quantised network, in which all layers before it are
/// corrected, lies above that in the exact one: this also makes up for what rounded and clipped inputs add. Means are
/// by channel, over kSequentialPictures of the pictures, spread evenly.
///
/// One run of each network is enough for all layers: the pictures go through it as one batch, and what a layer's mean
/// is off by is taken from its numbers before the next layer reads them. A bias that several nodes share gets the mean
/// of their corrections; layers behind them are measured as if each had its own. Layers without a bias are left alone.
///
/// @param exact   with the nodes of `rounded` but the fake_quants, under the same names
/// @param options of a float32 engine; batch and fuse do not matter
/// Cost: a run of 16 pictures by each network without fusion, and the memory for it (about 0.5 GB for a MobileNetV2 at
/// 320 px).
/// Source: section 4.2 of the same paper, with measured means of both networks; the single run is ours.
void correct_biases_in_order(const GraphWithValues& exact, const EngineOptions& options,
                             const CalibrationPictures& pictures, GraphWithValues& rounded);

} // namespace banyan
