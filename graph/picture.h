#pragma once

#include <string>
#include <vector>

#include "graph/fuse_operators.h"
#include "graph/graph.h"

namespace banyan {

/// Pictures for people. In those of a network conv + batch norm + activation chains are one box, and nodes of one name
/// prefix have one colour.

/// Graphviz text; render it with `dot -Tsvg`.
std::string to_dot(const Graph& graph);
/// A complete SVG file with own layered layout: the trunk is a column, each branch a column beside it.
std::string to_svg(const Graph& graph);

/// A complete SVG file of what fusion does: on the left every node is a box, on the right every group, in the colour
/// that its nodes have on the left; groups of one node are grey, others unlike those that they read. A group reaches
/// down to the row of its last node, so that it stands beside its nodes. A map from which an upsampling takes its size
/// only is not drawn as read.
/// @param groups of all nodes, each once; every value is made before a group reads it, see fuse_operators
/// @throws CheckError the groups are not so
std::string fusion_svg(const Graph& graph, const std::vector<FusionGroup>& groups);

/// Fill colour ("#rrggbb") of the n-th part; they repeat after some.
const char* part_colour(std::size_t n);

} // namespace banyan
