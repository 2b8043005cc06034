#include "combine/limited_search.h"

#include <limits>

#include "combine/merge_plan.h"
#include "core/error.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

constexpr int kDigits = 6;

SearchOptions without_limits(SearchOptions options) {
    options.max_cost = std::numeric_limits<double>::infinity();
    options.max_groups = std::numeric_limits<std::size_t>::max();
    return options;
}

/// The cheapest of the number of groups or, where that number is too small, of the fewest that do.
GroupSearch nearest(const GroupingSearcher& search, const SearchOptions& options, std::size_t task_count) {
    SearchOptions wider = options;
    wider.max_cost = std::numeric_limits<double>::infinity();
    GroupSearch found = search(wider);
    while (found.result.front.empty() && wider.max_groups < task_count) {
        ++wider.max_groups;
        found = search(wider);
    }
    return found;
}

} // namespace

std::string grouping_text(const GroupSearch& search, const Grouping& grouping, const std::vector<std::string>& tasks) {
    MergePlan plan;
    for (const ChosenGroup& group : grouping.groups) {
        std::vector<std::string>& names = plan.groups.emplace_back();
        for (std::size_t t = 0; t < tasks.size(); ++t) {
            if ((search.candidates[group.candidate].tasks >> t & 1U) != 0) names.push_back(tasks[t]);
        }
    }
    return plan_text(plan);
}

LimitedSearch search_within(const GroupingSearcher& search, const SearchOptions& options, const SearchWords& words,
                            const MergeBudget& budget) {
    LimitedSearch found;
    found.whole = search(without_limits(options));
    if (found.whole.result.front.empty()) {
        throw DataError(ErrorText{"--partition", "no networks that do not overlap serve all tasks", "",
                                  found.whole.result.optimal ? "" : "none by local search, which may miss some",
                                  "leave it out"});
    }
    found.limited = search(options);
    if (!found.limited.result.front.empty()) return found;
    const GroupSearch wider = nearest(search, options, words.tasks.size());
    const Grouping& plan = wider.result.front.front();
    const std::size_t groups = plan.groups.size();
    throw GateError(ErrorText{"--budget " + merge_budget_text(budget), "no plan keeps it", "", "",
                              "the nearest is " + grouping_text(wider, plan, words.tasks) + " for " +
                                  format_short(plan.cost + words.fixed_cost, kDigits) + words.unit + " with " +
                                  std::to_string(groups) + (groups == 1 ? " group" : " groups")});
}

} // namespace banyan
