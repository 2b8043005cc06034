#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace banyan {

/// What a plan depends on.
struct PlanRequest {
    std::vector<ValueId> given;
    std::vector<ValueId> targets;
    bool training = false;
    std::vector<std::string> frozen_norms; ///< parameter prefixes, see RunRequest

    auto operator<=>(const PlanRequest&) const = default;
};

/// One node to execute, together with the nodes after it that join it.
struct PlanStep {
    int node = -1;
    int norm = -1;                  ///< batch norm without batch statistics that joins this convolution; -1: none
    int activation = -1;            ///< activation on the result that nothing else reads; -1: none
    int overwrites = -1;            ///< add: which input's memory takes the sum; -1: neither
    bool batch_statistics = false;  ///< batch norm: uses and updates them
    bool frozen = false;            ///< the affine part of the batch norm (own or joined) is a constant
    bool rounds_weight = false;     ///< convolution, linear layer: it reads 8-bit values, so its weight is rounded, too
    ValueId output = -1;            ///< what the last of the joined nodes makes
    std::vector<ValueId> last_uses; ///< values that no later step reads and that are no targets
};

/// Steps in execution order that make the targets. Joining and overwriting are decided so that autograd never misses
/// a value: only results are overwritten that nothing else reads and whose operator does not keep them.
/// @throws CheckError a value is out of range or cannot be made from what is given
std::vector<PlanStep> make_plan(const Graph& graph, const PlanRequest& request);

} // namespace banyan
