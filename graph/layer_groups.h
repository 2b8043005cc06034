#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"

namespace banyan {

/// Nodes that people see as one layer: a node with the norms, activations and scales that alone read its result.
struct LayerGroup {
    std::string part;                      ///< first two dotted parts of the name: "trunk.backbone", "branches.face"
    std::string name;                      ///< the rest of the first node's name: "features.0.0"
    std::string operation;                 ///< "conv 3x3 s2 -> 32, bn, relu6"
    std::vector<int> nodes;                ///< in order
    std::vector<int> inputs;               ///< groups that it reads, each once; kImageGroup for the image
    ValueId output = -1;                   ///< what the last node makes
    std::vector<std::string> output_names; ///< names of the graph's outputs that are `output`
};
constexpr int kImageGroup = -1;

/// All nodes in groups, in execution order.
std::vector<LayerGroup> layer_groups(const Graph& graph);

/// Part of a node's name and the rest, as in a LayerGroup; a name without dots is all rest.
std::pair<std::string, std::string> split_name(const std::string& node_name);

/// Short text of a node's operator in a group: as `describe` gives it, norms as "bn" and "gn".
std::string short_operation(const Node& node);

/// Parts in the order in which the groups first name them.
std::vector<std::string> parts_of(const std::vector<LayerGroup>& groups);

} // namespace banyan
