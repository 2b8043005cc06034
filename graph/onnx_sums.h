#pragma once

#include <map>
#include <string>

#include "graph/onnx_call.h"

namespace banyan {

/// Importers of Add, Sub, Mul and Div: sums of two maps; a map times or plus one number or one by channel; x times its
/// own sigmoid, which is SiLU; shapes.
/// Source: https://onnx.ai/onnx/operators/
const std::map<std::string, OnnxImporter>& onnx_sums();

} // namespace banyan
