#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>

#include "combine/grouping_problem.h"

namespace banyan {

namespace {

/// A part of a grouping: a network for a set of tasks that it serves.
struct Part {
    std::int64_t cost = 0, loss = 0;
    int trained = 0; ///< tasks of the network
    std::size_t candidate = 0;
    auto order() const { return std::tuple(cost, loss, trained, candidate); }
};

/// The best known way to serve a set of tasks at its cost: a part, and a label of the tasks that are left.
struct Label {
    std::int64_t cost = 0, loss = 0;
    int groups = 0, trained = 0;
    std::size_t candidate = 0;
    TaskSet rest = 0;
    std::size_t rest_label = 0;
    auto order() const { return std::tuple(cost, loss, groups, trained); }
};

using Labels = std::vector<Label>;

/// Dynamic programming over the sets of tasks that are left.
class ExactSearch {
public:
    explicit ExactSearch(const GroupingProblem& problem)
        : problem_(problem), all_(all_tasks(problem.task_count())), parts_(std::size_t{all_} + 1),
          fronts_(std::size_t{all_} + 1), max_cost_(problem.max_cost()) {}

    std::vector<Grouping> run() {
        collect_parts();
        fronts_[0] = {Label{}};
        // A part holds the lowest task that is left, so that all sets but the first lack task 0.
        for (TaskSet left = 2; left < all_; left += 2) fronts_[left] = front_of(left);
        fronts_[all_] = front_of(all_);
        std::vector<std::vector<std::size_t>> choices;
        for (const Label& label : fronts_[all_]) choices.push_back(chosen(label));
        return problem_.front(choices);
    }

private:
    void collect_parts() {
        for (std::size_t i = 0; i < problem_.candidates().size(); ++i) add_parts(i);
        for (std::vector<Part>& parts : parts_) keep_best(parts);
    }

    /// The candidate serves any of its tasks; where groups may not overlap, all of them.
    void add_parts(std::size_t candidate) {
        const TaskSet tasks = problem_.candidates()[candidate].tasks;
        const std::int64_t cost = problem_.cost(candidate);
        const int trained = std::popcount(tasks);
        for (TaskSet served = tasks; served != 0; served = (served - 1) & tasks) {
            parts_[served].push_back({cost, loss(candidate, served), trained, candidate});
            if (!problem_.covers()) break;
        }
    }

    std::int64_t loss(std::size_t candidate, TaskSet served) const {
        std::int64_t sum = 0;
        for (; served != 0; served &= served - 1)
            sum += problem_.loss(candidate, static_cast<std::size_t>(std::countr_zero(served)));
        return sum;
    }

    static void keep_best(std::vector<Part>& parts) {
        std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.order() < b.order(); });
        std::vector<Part> best;
        for (const Part& part : parts) {
            if (best.empty() || part.loss < best.back().loss) best.push_back(part);
        }
        parts = std::move(best);
    }

    Labels front_of(TaskSet left) const {
        const TaskSet lowest = left & (~left + 1), others = left ^ lowest;
        Labels front;
        for (TaskSet more = others;; more = (more - 1) & others) {
            for (const Part& part : parts_[lowest | more]) front = merged(front, extended(part, others ^ more));
            if (more == 0) return front;
        }
    }

    /// The part with each label of the rest, in order.
    Labels extended(const Part& part, TaskSet rest) const {
        Labels labels;
        for (std::size_t i = 0; i < fronts_[rest].size(); ++i) {
            const Label& label = fronts_[rest][i];
            if (part.cost + label.cost > max_cost_) break;
            if (label.groups == static_cast<int>(problem_.max_groups())) continue;
            labels.push_back({part.cost + label.cost, part.loss + label.loss, label.groups + 1,
                              part.trained + label.trained, part.candidate, rest, i});
        }
        return labels;
    }

    /// Both without the labels that another beats. Of equal ones the first list's stays.
    Labels merged(const Labels& first, const Labels& second) const {
        if (second.empty()) return first;
        Labels front;
        front.reserve(first.size() + second.size());
        // The least loss so far of at most so many groups; where their number is not limited it does not count.
        std::vector<std::int64_t> least(problem_.limits_groups() ? problem_.max_groups() + 1 : 1,
                                        std::numeric_limits<std::int64_t>::max());
        const auto take = [&](const Label& label) {
            const std::size_t level = problem_.limits_groups() ? static_cast<std::size_t>(label.groups) : 0;
            if (label.loss >= least[level]) return;
            for (std::size_t i = level; i < least.size(); ++i) least[i] = std::min(least[i], label.loss);
            front.push_back(label);
        };
        auto a = first.begin(), b = second.begin();
        while (a != first.end() || b != second.end()) {
            const bool from_first = b == second.end() || (a != first.end() && a->order() <= b->order());
            take(from_first ? *a++ : *b++);
        }
        return front;
    }

    std::vector<std::size_t> chosen(Label label) const {
        std::vector<std::size_t> candidates{label.candidate};
        while (label.rest != 0) {
            label = fronts_[label.rest][label.rest_label];
            candidates.push_back(label.candidate);
        }
        return candidates;
    }

    const GroupingProblem& problem_;
    TaskSet all_;
    std::vector<std::vector<Part>> parts_; ///< [served set] by rising cost and falling loss
    std::vector<Labels> fronts_;           ///< [tasks to serve] by rising cost
    std::int64_t max_cost_;
};

} // namespace

std::vector<Grouping> exact_front(const GroupingProblem& problem) { return ExactSearch(problem).run(); }

} // namespace banyan
