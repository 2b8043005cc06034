#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace banyan {

/// The graph cut to the named outputs: nodes and parameters that they do not need are gone.
/// @throws CheckError an output does not exist (the message lists those that do) or `output_names` is empty.
Graph keep_outputs(const Graph& graph, const std::vector<std::string>& output_names);

/// Removes nodes that no output needs, and parameters that no node uses.
Graph remove_dead(const Graph& graph);

} // namespace banyan
