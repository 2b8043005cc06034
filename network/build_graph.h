#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "network/model_options.h"

namespace banyan {

/// The network of the options as a graph: trunk, then one head a branch. @throws CheckError
Graph build_graph(const ModelOptions& options);

/// Names of the graph outputs of the branches that serve any of `tasks`. @throws UsageError an unknown task (lists
/// those known)
std::vector<std::string> output_names_of(const ModelOptions& options, const std::vector<std::string>& tasks);

} // namespace banyan
