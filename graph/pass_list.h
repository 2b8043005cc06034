#pragma once

#include <string>
#include <vector>

#include "graph/fold_batch_norm.h"

namespace banyan {

/// A rewriting of a graph that keeps its results (up to rounding); each can be disabled by its name.
struct GraphPass {
    const char* name;
    GraphWithValues (*apply)(const GraphWithValues&);
};

/// All passes in the order in which they are applied.
const std::vector<GraphPass>& graph_passes();

/// Applies all passes but those named, the verifier after each. @throws CheckError an unknown name in `disabled`
GraphWithValues apply_passes(GraphWithValues input, const std::vector<std::string>& disabled = {});

} // namespace banyan
