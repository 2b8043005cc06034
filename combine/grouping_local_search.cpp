#include "combine/grouping_local_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>

#include "combine/grouping_archive.h"

namespace banyan {

namespace {

constexpr std::size_t kBeamWork = 8192; ///< states of a step times the networks that each tries, about
constexpr std::size_t kLeastBeam = 16, kMostBeam = 256;
constexpr std::size_t kMostTrials = 1'000'000;
constexpr int kLargestSplit = 6; ///< parts of so many tasks are split in all ways
constexpr std::array<int, 9> kPricePowers = {-3, -2, -1, 0, 1, 2, 3, 6, 9};

double price_step(int power) { return std::pow(4.0, power); }

class LocalSearch {
public:
    LocalSearch(std::size_t task_count, GroupSource& groups, const SearchOptions& options)
        : task_count_(task_count), groups_(groups), options_(options), archive_(options, task_count) {}

    std::vector<std::vector<std::size_t>> run() {
        beam_width_ = std::clamp(kBeamWork / std::max<std::size_t>(1, groups_.proposals(all_tasks(task_count_)).size()),
                                 kLeastBeam, kMostBeam);
        const double price = usual_price();
        beam(0);
        for (const int power : kPricePowers) beam(price * price_step(power));
        while (const PartialGrouping* next = archive_.take()) {
            if (trials_ >= kMostTrials) break;
            visit_neighbours(PartialGrouping(*next));
        }
        return archive_.choices();
    }

private:
    struct BeamState {
        PartialGrouping grouping;
        TaskSet left = 0;
        double value = 0; ///< loss and priced cost so far, and what the tasks that are left add at least, about
    };
    using BeamStates = std::map<TaskSet, BeamState>; ///< by the tasks that are left

    const GroupCandidate& candidate(std::size_t index) const { return groups_.candidates()[index]; }

    double loss(std::size_t index, TaskSet served) const {
        double sum = 0;
        for (; served != 0; served &= served - 1) {
            const auto t = static_cast<std::size_t>(std::countr_zero(served));
            sum += weight(t) * candidate(index).losses[t];
        }
        return sum;
    }

    double weight(std::size_t task) const { return options_.weights.empty() ? 1 : options_.weights[task]; }

    double usual_price() const;
    std::vector<double> shares(double price) const;
    void beam(double price);
    BeamStates next_states(const std::vector<BeamState>& states, double price, const std::vector<double>& shares);
    void visit_neighbours(const PartialGrouping& grouping);
    void visit_part(const PartialGrouping& grouping, std::size_t part);
    void visit_pair(const PartialGrouping& grouping, std::size_t first, std::size_t second);
    void replace(const PartialGrouping& grouping, const std::vector<std::size_t>& parts,
                 const std::vector<TaskSet>& sets);
    void add_parts(PartialGrouping& grouping, const std::vector<TaskSet>& sets, std::size_t next);

    std::size_t task_count_;
    GroupSource& groups_;
    const SearchOptions& options_;
    GroupingArchive archive_;
    std::size_t beam_width_ = kLeastBeam;
    std::size_t trials_ = 0;
};

/// What a unit of cost is worth: the spread of all tasks' losses over the cost of a network for each.
double LocalSearch::usual_price() const {
    double spread = 0, cost = 0;
    for (std::size_t t = 0; t < task_count_; ++t) {
        double least = INFINITY, most = -INFINITY;
        for (const GroupCandidate& group : groups_.candidates()) {
            if ((group.tasks >> t & 1U) == 0) continue;
            least = std::min(least, weight(t) * group.losses[t]);
            most = std::max(most, weight(t) * group.losses[t]);
        }
        if (most > least) spread += most - least;
    }
    for (const GroupCandidate& group : groups_.candidates()) cost += group.cost;
    const double mean_cost = cost / static_cast<double>(groups_.candidates().size());
    return spread / (mean_cost * static_cast<double>(task_count_));
}

/// For each task the least that it adds to the value of a grouping, if a network's cost is shared by its tasks.
std::vector<double> LocalSearch::shares(double price) const {
    std::vector<double> shares(task_count_, INFINITY);
    for (const GroupCandidate& group : groups_.candidates()) {
        const double share = price * group.cost / std::popcount(group.tasks);
        for (std::size_t t = 0; t < task_count_; ++t) {
            if ((group.tasks >> t & 1U) != 0) shares[t] = std::min(shares[t], weight(t) * group.losses[t] + share);
        }
    }
    return shares;
}

LocalSearch::BeamStates LocalSearch::next_states(const std::vector<BeamState>& states, double price,
                                                 const std::vector<double>& shares) {
    BeamStates next;
    for (const BeamState& state : states) {
        for (const std::size_t index : groups_.proposals(state.left)) {
            const TaskSet served = candidate(index).tasks & state.left;
            BeamState grown{state.grouping, state.left & ~served, 0};
            grown.grouping.parts.push_back({index, served});
            grown.grouping.cost += candidate(index).cost;
            grown.grouping.loss += loss(index, served);
            grown.value = grown.grouping.loss + price * grown.grouping.cost;
            for (TaskSet rest = grown.left; rest != 0; rest &= rest - 1)
                grown.value += shares[static_cast<std::size_t>(std::countr_zero(rest))];
            if (grown.left == 0) {
                archive_.add(std::move(grown.grouping));
                continue;
            }
            const auto [known, is_new] = next.try_emplace(grown.left, grown);
            if (!is_new && grown.value < known->second.value) known->second = std::move(grown);
        }
    }
    return next;
}

void LocalSearch::beam(double price) {
    const std::vector<double> least = shares(price);
    std::vector<BeamState> states{{{}, all_tasks(task_count_), 0}};
    while (!states.empty()) {
        BeamStates next = next_states(states, price, least);
        states.clear();
        for (auto& [left, state] : next) states.push_back(std::move(state));
        std::stable_sort(states.begin(), states.end(),
                         [](const BeamState& a, const BeamState& b) { return a.value < b.value; });
        if (states.size() > beam_width_) states.resize(beam_width_);
    }
}

/// The grouping with other parts, of any networks that can serve them, instead of some.
void LocalSearch::replace(const PartialGrouping& grouping, const std::vector<std::size_t>& parts,
                          const std::vector<TaskSet>& sets) {
    PartialGrouping rest;
    for (std::size_t i = 0; i < grouping.parts.size(); ++i) {
        if (std::find(parts.begin(), parts.end(), i) != parts.end()) continue;
        rest.parts.push_back(grouping.parts[i]);
        rest.cost += candidate(grouping.parts[i].candidate).cost;
        rest.loss += loss(grouping.parts[i].candidate, grouping.parts[i].serves);
    }
    add_parts(rest, sets, 0);
}

void LocalSearch::add_parts(PartialGrouping& grouping, const std::vector<TaskSet>& sets, std::size_t next) {
    if (next == sets.size()) {
        ++trials_;
        return archive_.add(grouping);
    }
    for (const std::size_t index : groups_.serving(sets[next])) {
        const auto uses_it = [&](const ChosenGroup& part) { return part.candidate == index; };
        if (std::any_of(grouping.parts.begin(), grouping.parts.end(), uses_it)) continue; // merging them is a move too
        PartialGrouping grown = grouping;
        grown.parts.push_back({index, sets[next]});
        grown.cost += candidate(index).cost;
        grown.loss += loss(index, sets[next]);
        add_parts(grown, sets, next + 1);
    }
}

void LocalSearch::visit_part(const PartialGrouping& grouping, std::size_t part) {
    const TaskSet tasks = grouping.parts[part].serves;
    replace(grouping, {part}, {tasks});
    if (std::popcount(tasks) <= kLargestSplit) {
        // Each pair of halves once: the larger as a number is `some`.
        for (TaskSet some = (tasks - 1) & tasks; some > (tasks ^ some); some = (some - 1) & tasks)
            replace(grouping, {part}, {some, tasks ^ some});
        return;
    }
    for (TaskSet rest = tasks; rest != 0; rest &= rest - 1) {
        const TaskSet one = rest & (~rest + 1);
        replace(grouping, {part}, {one, tasks ^ one});
    }
}

void LocalSearch::visit_pair(const PartialGrouping& grouping, std::size_t first, std::size_t second) {
    const TaskSet a = grouping.parts[first].serves, b = grouping.parts[second].serves;
    replace(grouping, {first, second}, {a | b});
    for (TaskSet of_a = a; of_a != 0; of_a &= of_a - 1) {
        const TaskSet one = of_a & (~of_a + 1);
        if (a != one) replace(grouping, {first, second}, {a ^ one, b | one});
        for (TaskSet of_b = b; of_b != 0; of_b &= of_b - 1) {
            const TaskSet other = of_b & (~of_b + 1);
            replace(grouping, {first, second}, {a ^ one ^ other, b ^ one ^ other});
        }
    }
    for (TaskSet of_b = b; of_b != 0 && std::popcount(b) > 1; of_b &= of_b - 1) {
        const TaskSet other = of_b & (~of_b + 1);
        replace(grouping, {first, second}, {a | other, b ^ other});
    }
}

void LocalSearch::visit_neighbours(const PartialGrouping& grouping) {
    for (std::size_t i = 0; i < grouping.parts.size(); ++i) {
        visit_part(grouping, i);
        for (std::size_t j = i + 1; j < grouping.parts.size(); ++j) visit_pair(grouping, i, j);
    }
}

} // namespace

std::vector<std::vector<std::size_t>> local_search(std::size_t task_count, GroupSource& groups,
                                                   const SearchOptions& options) {
    return LocalSearch(task_count, groups, options).run();
}

} // namespace banyan
