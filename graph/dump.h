#pragma once

#include <string>

#include "graph/graph.h"

namespace banyan {

/// Readable table: one line a node (index, op with its attributes, inputs, shape, parameters, MACs), outputs, totals.
std::string dump(const Graph& graph);

/// Short text of a node's operator: "conv 3x3 s2 g32 -> 96", "max_pool 2x2 s2".
std::string describe(const Node& node);

} // namespace banyan
