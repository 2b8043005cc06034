#pragma once

#include <functional>
#include <string>
#include <vector>

#include "combine/grouping_search.h"
#include "combine/merge_budget.h"

namespace banyan {

/// Any search over fixed candidates or made ones.
using GroupingSearcher = std::function<GroupSearch(const SearchOptions&)>;

/// What there is to choose from, and what the limits leave.
struct LimitedSearch {
    GroupSearch whole;   ///< without limits of cost and number: its front is the whole one
    GroupSearch limited; ///< its best grouping is the plan
};

/// How groupings are told in messages.
struct SearchWords {
    std::vector<std::string> tasks;
    std::string unit;      ///< behind costs: " ms" or ""
    double fixed_cost = 0; ///< beside the groups' costs: the trunk's
};

/// "a+b | c": networks by their tasks.
std::string grouping_text(const GroupSearch& search, const Grouping& grouping, const std::vector<std::string>& tasks);

/// @param options  with the limits
/// @throws GateError no grouping keeps the limits, with the nearest one; DataError no grouping at all
LimitedSearch search_within(const GroupingSearcher& search, const SearchOptions& options, const SearchWords& words,
                            const MergeBudget& budget);

} // namespace banyan
