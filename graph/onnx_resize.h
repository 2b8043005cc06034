#pragma once

#include "graph/onnx_call.h"

namespace banyan {

/// Resize and Upsample: nearest neighbours of a larger map, where every pixel copied is the one that our upsampling
/// copies, floor(i * in / out). The operator's own formula tells which, in float32 as ONNX Runtime has it.
/// @throws ModelFileError any other enlarging
/// Source: https://onnx.ai/onnx/operators/onnx__Resize.html
OnnxSymbols import_resize(const OnnxCall& call, OnnxNetwork& network);

} // namespace banyan
