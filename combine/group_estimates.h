#pragma once

#include <optional>
#include <string>
#include <vector>

#include "combine/subset_table.h"

namespace banyan {

/// How the losses of a table's networks are known to a search: as measured, or only those of single tasks and pairs.
enum class GroupEstimate {
    exact, ///< every network's own
    pairs, ///< of task i in a group: the mean over the group's other tasks j of its loss in the network of {i, j}
    tag    ///< by affinities: 1 - the mean over j of (1 - loss of i with j / loss of i alone)
};

/// The table's networks in its order, those of three and more tasks with the losses that the estimate gives them.
///
/// `pairs` follows "Which Tasks Should Be Learned Together in Multi-task Learning?" (arXiv:1905.07553), which trains
/// single tasks and pairs only. `tag` scores a group as "Efficiently Identifying Task Groupings for Multi-Task
/// Learning" (arXiv:2109.04617) does, by the mean affinity of the others onto each task; its affinities come from a
/// joint training, here from the table's pairs. Its losses are relative to each task alone, so that tasks of large
/// losses do not outweigh the others; within a task both order groups alike. A pair is taken at the cost of the network
/// that is estimated or, where the table has none, at the nearest cost; a task alone is its dearest network.
/// @throws DataError a pair, or for `tag` a single task, that is needed is missing; for `tag` a loss alone is not above
/// 0
std::vector<GroupCandidate> estimated_networks(const SubsetTable& table, GroupEstimate estimate);

/// The plan that a search by an estimate takes, with its true losses: the networks are chosen by the estimate, and
/// then, as they would be trained, each task is served by the one of them that is best for it in the table.
struct EstimatedChoice {
    std::string estimate; ///< "pairs"
    Grouping grouping;
    double regret = 0; ///< its loss - the least possible one at that budget
    std::optional<double> reported_loss, reported_regret;
};

/// One budget: the true optimum and what the estimates miss.
struct BudgetRegret {
    double budget = 0;
    Grouping optimum;
    std::optional<double> reported_loss; ///< of the optimum
    std::vector<EstimatedChoice> choices;
};

/// Every budget at which the optimum or an estimate's plan changes, within the options' limits; none where a search
/// finds no plan within them.
/// @param reported  losses of the same networks elsewhere; nullptr: none
std::vector<BudgetRegret> budget_regrets(const SubsetTable& table, const ReportedLosses* reported,
                                         const SearchOptions& options);

} // namespace banyan
