#pragma once

#include "graph/graph.h"

namespace banyan {

/// Checks a whole graph: names unique, inputs made before use, every shape equal to the inferred one, each parameter
/// present with the right shape and role and used by a node, no value without a producer, outputs exist.
/// @throws CheckError "graph: node <name>: …" with the first few problems found.
void verify(const Graph& graph);

} // namespace banyan
