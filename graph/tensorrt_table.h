#pragma once

#include <string>

#include "graph/graph.h"

namespace banyan {

/// The graph without its fake_quants: who read a rounded value reads the exact one.
Graph without_fake_quant(const Graph& graph);

/// TensorRT's calibration table for the exported graph without fake_quants: a line "<tensor>: <scale>" for each value
/// that one rounds, the scale as the eight hexadecimal digits of a float32. TensorRT's bytes are signed and without a
/// zero point, so a value that is kept from low to high has the scale max(-low, high) / 127: values with numbers on one
/// side of zero have half our steps.
/// Source: the cache that IInt8EntropyCalibrator2 reads and writes, header "TRT-<version>-EntropyCalibration2".
std::string tensorrt_table(const Graph& graph);

} // namespace banyan
