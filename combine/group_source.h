#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "combine/grouping_problem.h"

namespace banyan {

/// Where a local search takes its networks from.
class GroupSource {
public:
    GroupSource() = default;
    virtual ~GroupSource() = default;
    GroupSource(const GroupSource&) = delete;
    GroupSource& operator=(const GroupSource&) = delete;

    virtual const std::vector<GroupCandidate>& candidates() const = 0;
    /// Networks that may serve exactly these tasks, none of which another beats there in cost and loss; by rising cost.
    /// May be none. A copy: a further call may change what is known.
    virtual std::vector<std::size_t> serving(TaskSet tasks) = 0;
    /// Networks for the lowest of the tasks that are left, and others of them.
    virtual std::vector<std::size_t> proposals(TaskSet left) = 0;
};

/// The candidates of a problem.
class ListedGroups final : public GroupSource {
public:
    explicit ListedGroups(const GroupingProblem& problem) : problem_(problem) {}

    const std::vector<GroupCandidate>& candidates() const override { return problem_.candidates(); }
    std::vector<std::size_t> serving(TaskSet tasks) override;
    std::vector<std::size_t> proposals(TaskSet left) override;

private:
    const GroupingProblem& problem_;
    std::unordered_map<TaskSet, std::vector<std::size_t>> serving_;
};

/// Any set of tasks, made when it is first asked for.
class MadeGroups final : public GroupSource {
public:
    /// Makes the single tasks and the set of all.
    MadeGroups(std::size_t task_count, const GroupFunction& group_of, const SearchOptions& options);

    const std::vector<GroupCandidate>& candidates() const override { return candidates_; }
    std::vector<std::size_t> serving(TaskSet tasks) override { return {index_of(tasks)}; }
    /// The lowest task alone, every pair with it, and a chain that grows by the task that it costs least.
    std::vector<std::size_t> proposals(TaskSet left) override;

private:
    std::size_t index_of(TaskSet tasks);
    /// What the task adds to a group's loss, beyond its loss alone.
    double loss_of_growing(TaskSet tasks, std::size_t task);
    double loss(TaskSet tasks);

    const GroupFunction& group_of_;
    const SearchOptions& options_;
    std::vector<GroupCandidate> candidates_;
    std::unordered_map<TaskSet, std::size_t> places_;
};

} // namespace banyan
