#include "combine/grouping_search.h"

#include "combine/grouping_local_search.h"
#include "combine/grouping_problem.h"

namespace banyan {

SearchResult search_groupings(std::size_t task_count, const std::vector<GroupCandidate>& candidates,
                              const SearchOptions& options) {
    const GroupingProblem problem(task_count, candidates, options);
    if (task_count <= options.most_exact_tasks) return {exact_front(problem), true};
    ListedGroups groups(problem);
    return {problem.front(local_search(task_count, groups, options)), false};
}

GroupSearch search_all_groupings(std::size_t task_count, const GroupFunction& group_of, const SearchOptions& options) {
    if (task_count <= options.most_exact_tasks) {
        std::vector<GroupCandidate> candidates;
        for (TaskSet tasks = 1; tasks <= all_tasks(task_count); ++tasks) candidates.push_back(group_of(tasks));
        SearchResult result = search_groupings(task_count, candidates, options);
        return {std::move(result), std::move(candidates)};
    }
    MadeGroups groups(task_count, group_of, options);
    const std::vector<std::vector<std::size_t>> choices = local_search(task_count, groups, options);
    SearchResult result{GroupingProblem(task_count, groups.candidates(), options).front(choices), false};
    return {std::move(result), groups.candidates()};
}

} // namespace banyan
