#pragma once

#include <map>
#include <string>

#include "graph/onnx_call.h"

namespace banyan {

/// Importers of operators that compute nothing, or only with shapes: reshapes, transpositions, splits, slices, gathers,
/// concatenations, paddings, constants. By type.
/// Source: https://onnx.ai/onnx/operators/
const std::map<std::string, OnnxImporter>& onnx_moves();

} // namespace banyan
