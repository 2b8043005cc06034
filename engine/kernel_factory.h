#pragma once

#include <functional>
#include <memory>

#include "engine/kernel.h"
#include "engine/lowering.h"
#include "engine/weight_store.h"

namespace banyan {

/// Where each value lies.
using ValuePlaces = std::function<ValueMemory(ValueId)>;

/// The kernel that computes an operation of the graph. Convolutions, sums, activations, scales, concatenations, pooling
/// batch norms and softmax are oneDNN's; upsampling, selections of channels and group norms are ours
/// (engine/plain_kernels.h). oneDNN fixes the number of threads now: that of the caller.
/// @throws Error oneDNN cannot do it (names the node); CheckError a parameter without a value
std::unique_ptr<Kernel> make_kernel(const Graph& graph, const Operation& operation, const ValuePlaces& places,
                                    WeightStore& weights);

} // namespace banyan
