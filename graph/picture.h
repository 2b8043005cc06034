#pragma once

#include <string>

#include "graph/graph.h"

namespace banyan {

/// Pictures for people: conv + batch norm + activation chains are one box; nodes of one name prefix have one colour.

/// Graphviz text; render it with `dot -Tsvg`.
std::string to_dot(const Graph& graph);
/// A complete SVG file with own layered layout: the trunk is a column, each branch a column beside it.
std::string to_svg(const Graph& graph);

/// Fill colour ("#rrggbb") of the n-th part; they repeat after some.
const char* part_colour(std::size_t n);

} // namespace banyan
