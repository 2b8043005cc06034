#pragma once

#include <vector>

#include "graph/fuse_operators.h"
#include "graph/graph.h"

namespace banyan {

/// What is done to each number of an operation's result before it is stored.
struct PostOperation {
    int node = -1;         ///< activation, scale, add or fake_quant of the graph
    ValueId addend = -1;   ///< add: the other input
    bool in_place = false; ///< add: the result takes the addend's memory, which nobody needs any more
};

/// A node together with what follows it in its group: one call of a kernel.
struct Operation {
    int node = -1;               ///< -1: a conversion (engine/program.h)
    std::vector<ValueId> inputs; ///< data only
    std::vector<PostOperation> post;
    ValueId output = -1; ///< what the last of them makes
    int overwrites = -1; ///< index of the input whose memory takes the result; -1: none
};

/// Operations in execution order that compute all groups. A convolution, linear layer or sum takes along the
/// activations, scales and sums behind it, as far as nothing else reads what lies between and the other input of a sum
/// is there already; convolutions and linear layers also take a fake_quant, as the last. What cannot be taken along
/// becomes an operation of its own.
std::vector<Operation> lower(const Graph& graph, const std::vector<FusionGroup>& groups);

/// The value in whose memory the result goes; -1: none.
ValueId overwritten_value(const Operation& operation);

} // namespace banyan
