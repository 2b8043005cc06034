#pragma once

#include <cstddef>
#include <vector>

#include "combine/group_source.h"

namespace banyan {

/// Groupings of more tasks than an exact search can take, as chosen networks of `groups`: a front in cost and loss (and
/// number of groups where it is limited). Deterministic.
///
/// 1. Beam search over the tasks that are left, each step handing the lowest of them to a network; once for each of
///    several prices of cost in loss.
/// 2. Pareto local search from all that was found: of every grouping on the front the neighbours (another network for
///    a part, a task moved to another part or to a part of its own, two tasks swapped, two parts merged, one split) are
///    looked at, until the front has no neighbour that belongs on it or the trials are used up.
std::vector<std::vector<std::size_t>> local_search(std::size_t task_count, GroupSource& groups,
                                                   const SearchOptions& options);

} // namespace banyan
