#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace banyan {

/// A graph made of `nodes` and `outputs`, which name values of `source` by their old ids: values are numbered anew in
/// the order of the nodes (the image is 0), parameters that no node uses are dropped. For passes.
/// @throws CheckError a node or output uses a value that no node makes
Graph rebuild(const Graph& source, std::vector<Node> nodes, const std::map<std::string, ValueId>& outputs);

/// For each value the indices of the nodes that read it.
std::vector<std::vector<int>> consumers(const Graph& graph);
/// The same without nodes that need the value's shape only: what an upsampling takes its size from.
std::vector<std::vector<int>> data_consumers(const Graph& graph);

/// How many of a node's inputs are data; inputs behind these give a shape only.
std::size_t data_input_count(const Node& node);

} // namespace banyan
