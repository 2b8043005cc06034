#pragma once

#include <string>
#include <vector>

#include "core/task.h"
#include "graph/graph.h"
#include "network/model_options.h"

namespace banyan {

/// One branch as the network holds it. Of a head with outputs per task each task is a branch (branches_of_head): they
/// stand one after the other, share `head`, and with it the tower, which is to be run once.
struct Branch {
    std::string name;              ///< parameters of its outputs: "branches.<name>.cls", "….box", "….box_scale.p3"
    std::string head;              ///< name in ModelOptions::branches; the tower's parameters: "branches.<head>.…"
    BranchOptions options;         ///< its tasks only
    std::vector<int> classes;      ///< global class ids in the order of the head's K channels
    std::vector<ValueId> features; ///< neck values that it reads, one a level
    std::vector<ValueId> class_values; ///< logits [N, A*K, H, W], one a level
    std::vector<ValueId> box_values;   ///< codes [N, A*C, H, W], C = box_channels(head), one a level
    std::size_t class_count() const { return classes.size(); }
};

/// The branches of the options whose outputs the graph has (others were cut away).
/// @throws CheckError no branch has outputs, or one has not all; channels that do not fit the options
std::vector<Branch> find_branches(const ModelOptions& options, const ClassTable& table, const Graph& graph);

} // namespace banyan
