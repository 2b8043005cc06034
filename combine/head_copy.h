#pragma once

#include <string>
#include <vector>

#include "combine/merge_sources.h"
#include "model/multi_task_model.h"

namespace banyan {

/// Prefixes of a head's towers, "branches.face.tower", in the order: the one that class outputs read, the one that box
/// outputs read. One only where they share it.
std::vector<std::string> tower_names(const BranchOptions& head);

/// All but the branches, bit for bit. @throws UsageError the networks have different trunks (norms were folded)
void copy_trunk(const GraphModule& from, GraphModule& to);
/// All tensors under a prefix to those of the same names under another.
void copy_tensors(const GraphModule& from, const std::string& prefix, GraphModule& to, const std::string& new_prefix);
/// Whether the towers of these heads are the same in every bit.
bool have_equal_towers(const GraphModule& module, const std::vector<BranchOptions>& heads);

} // namespace banyan
