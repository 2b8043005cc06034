#pragma once

#include "graph/graph.h"
#include "graph/host_tensor.h"

namespace banyan {

/// A graph and its parameter values, as passes that need values edit it.
struct GraphWithValues {
    Graph graph;
    HostTensors tensors;
};

/// Joins each batch norm with the convolution before it, when nothing else reads the convolution's output:
/// w' = w * gamma / sqrt(var + eps), b' = beta + (b - mean) * gamma / sqrt(var + eps), computed in double. Convs that
/// share one weight but have their own batch norms get a weight each. The batch norm's node and parameters go away.
/// @throws CheckError a parameter has no value or a value of another size, or a running variance is below 0 or NaN.
GraphWithValues fold_batch_norm(const GraphWithValues& input);

} // namespace banyan
