#pragma once

#include <string>
#include <vector>

#include "graph/onnx_call.h"

namespace banyan {

/// Arithmetic of shapes: what a file computes from constants alone is computed while it is read. Lists of integers of
/// at most this many numbers; anything larger is refused.
constexpr std::size_t kMostFolded = 1 << 16;

/// int64, one axis or, if `is_number`, none.
OnnxTensor integer_constant(std::vector<std::int64_t> numbers, bool is_number = false);

/// The constant with other dims of the same count.
OnnxTensor with_dims(OnnxTensor constant, const OnnxDims& dims);
/// The numbers at these places of an integer list. @throws ModelFileError it is no list
OnnxTensor taken(const OnnxTensor& constant, const std::vector<std::int64_t>& places);
OnnxTensor joined(const OnnxCall& call);
/// Add, Sub, Mul or Div of integers, number by number; a single number goes with all.
OnnxTensor computed(const OnnxCall& call);
/// (q - zero point) * scale, as float32, with a scale or one for each place of an axis.
OnnxTensor dequantized(const OnnxCall& call);

} // namespace banyan
