#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "graph/host_tensor.h"
#include "graph/onnx_graph.h"

namespace banyan {

/// Appends all nodes of a graph as operators of ONNX's opset 17, and as initializers the parameters that they use, each
/// once however many nodes share it. The last operator of a node has the node's name; what more it takes (SiLU, group
/// norms) is named after it. Convolutions and linear layers that read values of 8 bits (graph/byte_values.h) take their
/// weights through a DequantizeLinear from int8 initializers, a scale for each output channel; their biases are floats.
/// @param batch pictures, N
/// @param names ONNX names of the graph's values, by their ids
/// @throws CheckError a parameter has no value or a value of another size, a weight in 8 bits is not finite
/// Source: https://onnx.ai/onnx/operators/
void append_onnx_nodes(const Graph& graph, const HostTensors& tensors, std::int64_t batch,
                       const std::vector<std::string>& names, OnnxGraph& onnx);

} // namespace banyan
