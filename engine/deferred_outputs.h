#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace banyan {

/// The end of a branch that is computed at single cells, when it is known which are wanted: a 1x1 convolution and
/// perhaps a scale behind it.
struct DeferredOutput {
    std::string convolution; ///< its parameters: "<convolution>.weight" [O, I, 1, 1]
    bool bias = false;
    std::string scale; ///< "<scale>.scale"; empty: none
    ValueShape shape;  ///< of the output
};

struct DeferredGraph {
    /// Without those ends: what the convolution reads takes the output's place.
    Graph graph;
    std::map<std::string, DeferredOutput> outputs; ///< by name
};

/// Cuts off the named outputs' ends, as far as a 1x1 convolution of stride 1 without groups makes them and nothing else
/// reads what it makes; other outputs stay whole. @throws CheckError an unknown name
DeferredGraph defer_outputs(const Graph& graph, const std::vector<std::string>& names);

} // namespace banyan
