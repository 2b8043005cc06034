#include "combine/group_source.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <tuple>

namespace banyan {

namespace {

TaskSet lowest_of(TaskSet tasks) { return tasks & (~tasks + 1); }

} // namespace

std::vector<std::size_t> ListedGroups::serving(TaskSet tasks) {
    const auto [found, is_new] = serving_.try_emplace(tasks);
    if (!is_new) return found->second;
    std::vector<std::tuple<std::int64_t, std::int64_t, std::size_t>> able; // cost, loss, index
    for (std::size_t i = 0; i < candidates().size(); ++i) {
        const TaskSet trained = candidates()[i].tasks;
        if (problem_.covers() ? (trained & tasks) != tasks : trained != tasks) continue;
        std::int64_t loss = 0;
        for (TaskSet rest = tasks; rest != 0; rest &= rest - 1)
            loss += problem_.loss(i, static_cast<std::size_t>(std::countr_zero(rest)));
        able.emplace_back(problem_.cost(i), loss, i);
    }
    std::sort(able.begin(), able.end());
    std::int64_t least = 0;
    for (const auto& [cost, loss, i] : able) {
        if (!found->second.empty() && loss >= least) continue;
        found->second.push_back(i);
        least = loss;
    }
    return found->second;
}

std::vector<std::size_t> ListedGroups::proposals(TaskSet left) {
    std::vector<std::size_t> proposals;
    for (std::size_t i = 0; i < candidates().size(); ++i) {
        const TaskSet trained = candidates()[i].tasks;
        if ((trained & lowest_of(left)) == 0) continue;
        if (problem_.covers() || (trained & ~left) == 0) proposals.push_back(i);
    }
    return proposals;
}

MadeGroups::MadeGroups(std::size_t task_count, const GroupFunction& group_of, const SearchOptions& options)
    : group_of_(group_of), options_(options) {
    for (std::size_t t = 0; t < task_count; ++t) index_of(TaskSet{1} << t);
    index_of(all_tasks(task_count));
}

std::size_t MadeGroups::index_of(TaskSet tasks) {
    const auto [found, is_new] = places_.try_emplace(tasks, candidates_.size());
    if (is_new) candidates_.push_back(group_of_(tasks));
    return found->second;
}

double MadeGroups::loss(TaskSet tasks) {
    const GroupCandidate& group = candidates_[index_of(tasks)];
    double sum = 0;
    for (TaskSet rest = tasks; rest != 0; rest &= rest - 1) {
        const auto t = static_cast<std::size_t>(std::countr_zero(rest));
        sum += (options_.weights.empty() ? 1 : options_.weights[t]) * group.losses[t];
    }
    return sum;
}

double MadeGroups::loss_of_growing(TaskSet tasks, std::size_t task) {
    const TaskSet one = TaskSet{1} << task;
    return loss(tasks | one) - loss(one);
}

std::vector<std::size_t> MadeGroups::proposals(TaskSet left) {
    const TaskSet lowest = lowest_of(left);
    std::vector<std::size_t> proposals{index_of(lowest)};
    for (TaskSet rest = left ^ lowest; rest != 0; rest &= rest - 1)
        proposals.push_back(index_of(lowest | lowest_of(rest)));
    TaskSet group = lowest;
    while (group != left) {
        TaskSet best = 0;
        double least = 0;
        for (TaskSet rest = left ^ group; rest != 0; rest &= rest - 1) {
            const double loss = loss_of_growing(group, static_cast<std::size_t>(std::countr_zero(rest)));
            if (best != 0 && loss >= least) continue;
            best = lowest_of(rest);
            least = loss;
        }
        group |= best;
        if (std::popcount(group) > 2) proposals.push_back(index_of(group));
    }
    return proposals;
}

} // namespace banyan
