#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace banyan {

/// "[C 96, H 40, W 40]"
std::string to_text(const ValueShape& shape);

/// Shape of a node's output. @param inputs shapes of node.inputs
/// @throws ShapeError wrong count or sizes of inputs; CheckError attributes out of range. Both name the node.
ValueShape infer_shape(const Node& node, const std::vector<ValueShape>& inputs);

/// Parameters that the node needs, with shape, role and default start values (norm weight and variance 1).
std::map<std::string, Parameter> required_parameters(const Node& node, const std::vector<ValueShape>& inputs);

/// Zero pixels before and after one axis of `in` pixels.
struct AxisPadding {
    std::int64_t begin = 0, end = 0;
};
AxisPadding conv_padding(const ConvAttributes& attributes, std::int64_t in);

/// The graph for pictures of another size: the same nodes, every shape inferred anew.
/// @throws ShapeError a node cannot take what it then gets
Graph resized(Graph graph, std::int64_t height, std::int64_t width);

/// Shapes of the node's inputs as the graph has them.
std::vector<ValueShape> input_shapes(const Graph& graph, const Node& node);

} // namespace banyan
