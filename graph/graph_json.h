#pragma once

#include <string>

#include "graph/graph.h"

namespace banyan {

/// Compact JSON of a graph; the same graph gives the same text.
std::string to_json(const Graph& graph);

/// Strict reader: unknown, missing or repeated keys, wrong types, a newer schema_version and every graph that the
/// verifier refuses are errors. to_json(graph_from_json(text)) == text for text made by to_json.
/// @param file_name for messages
/// @throws ModelFileError
Graph graph_from_json(const std::string& text, const std::string& file_name);

} // namespace banyan
