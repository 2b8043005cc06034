#pragma once

#include <vector>

#include "engine/number_type.h"
#include "graph/fuse_operators.h"
#include "graph/graph.h"

namespace banyan {

/// What is done to each number of an operation's result before it is stored.
struct PostOperation {
    int node = -1;         ///< activation, scale or add of the graph
    ValueId addend = -1;   ///< add: the other input
    bool in_place = false; ///< add: the result takes the addend's memory, which nobody needs any more
};

/// A node together with what follows it in its group: one call of a kernel.
struct Operation {
    int node = -1;
    std::vector<ValueId> inputs; ///< data only
    std::vector<PostOperation> post;
    ValueId output = -1; ///< what the last of them makes
    int overwrites = -1; ///< index of the input whose memory takes the result; -1: none
};

/// Operations in execution order that compute all groups. A convolution, linear layer or sum takes along the
/// activations, scales and sums behind it, as far as nothing else reads what lies between and the other input of a sum
/// is there already; what cannot be taken along becomes an operation of its own.
std::vector<Operation> lower(const Graph& graph, const std::vector<FusionGroup>& groups);

/// Sets `in_place` and `overwrites` where memory can be used again: the overwritten value is of the result's type,
/// nothing reads it later, it is no output of the graph, and no kernel reads it while it writes.
/// @param types by value
void reuse_memory(const Graph& graph, const std::vector<NumberType>& types, std::vector<Operation>& operations);

/// The value in whose memory the result goes; -1: none.
ValueId overwritten_value(const Operation& operation);

/// For each value the last operation that reads it; the operation count for outputs of the graph; -1: nobody.
std::vector<int> last_uses(const Graph& graph, const std::vector<Operation>& operations);

} // namespace banyan
