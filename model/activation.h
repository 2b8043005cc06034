#pragma once

#include <ATen/core/Tensor.h>

#include "graph/graph.h"

namespace banyan {

at::Tensor activate(const at::Tensor& x, Activation kind);

/// The same in x's memory where autograd allows (relu, relu6 and sigmoid always, the others when x needs no gradient).
/// The gradient is taken from the result, so that no copy of x is kept. Only for x that nothing else reads.
at::Tensor activate_in_place(at::Tensor x, Activation kind);

} // namespace banyan
