#pragma once

#include <string>

#include "graph/graph.h"

namespace banyan {

/// Compact JSON of a graph; the same graph gives the same text. Values are written by name:
///
///   {"schema_version": 1, "image": [3, H, W],
///    "nodes": [{"name", "op", "inputs": [value names], "shape": [C, H, W], and the operator's attributes}, …],
///    "parameters": [{"name", "shape", "role", "init_std", "init_value"[, "init_pattern"]}, …],
///    "outputs": {name: value name}}
///
/// @throws CheckError the verifier refuses the graph, or a name is not UTF-8
std::string to_json(const Graph& graph);

/// Strict reader: unknown, missing or repeated keys, wrong types, a newer schema_version and every graph that the
/// verifier refuses are errors. to_json(graph_from_json(text)) == text for text made by to_json. Values are numbered
/// in the order of the nodes (the image is 0), as GraphBuilder and rebuild() number them.
/// @param file_name for messages
/// @throws ModelFileError
Graph graph_from_json(const std::string& text, const std::string& file_name);

} // namespace banyan
