#pragma once

#include <map>
#include <string>

#include "graph/onnx_call.h"

namespace banyan {

/// Importers of operators that compute: convolutions, linear layers, norms, activations, pooling, sums, enlarging,
/// rounding to 8 bits. By type.
/// Source: https://onnx.ai/onnx/operators/
const std::map<std::string, OnnxImporter>& onnx_layers();

} // namespace banyan
