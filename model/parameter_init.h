#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

#include "graph/graph.h"

namespace banyan {

/// Start values of a parameter or buffer, float32 on the CPU, drawn from (seed, name) alone.
///
/// Convolution and linear weights are normal with the parameter's init_std, or with He's fan-out
/// std = sqrt(2 / (out / groups * kernel^2)): "Delving Deep into Rectifiers", arXiv:1502.01852, section 2.2, backward
/// case. (torchvision leaves the groups out, which makes depthwise weights smaller.) All else is constant.
at::Tensor initial_values(const Graph& graph, const std::string& name, std::uint64_t seed);

} // namespace banyan
