#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace banyan {

/// Work of a node or a group of nodes for one image at the reference size.
struct Cost {
    std::int64_t macs = 0;             ///< multiply-adds of convolutions and linear layers
    std::int64_t parameters = 0;       ///< numbers learned or kept; a shared tensor counts once in a sum
    std::int64_t activation_bytes = 0; ///< float32 bytes of the outputs
    bool operator==(const Cost&) const = default;
};

Cost node_cost(const Graph& graph, const Node& node);
/// Sum over all nodes whose dotted name starts with the parts of `prefix` ("" = all): "branches.face" takes
/// "branches.face.tower.0" but not "branches.facemask.tower.0".
Cost total_cost(const Graph& graph, const std::string& prefix = "");
/// Sums by the first `parts` dotted parts of the node names: "trunk.backbone", "branches.face", …
std::map<std::string, Cost> cost_by_prefix(const Graph& graph, int parts = 2);

} // namespace banyan
