#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "combine/grouping_search.h"

namespace banyan::test {

/// Costs counted in tenths, so that the oracle's sums are exact.
inline std::int64_t tenths(double cost) { return std::llround(cost * 10); }

inline double weight_of(const SearchOptions& options, std::size_t task) {
    return options.weights.empty() ? 1 : options.weights[task];
}

/// Weighted loss of the chosen candidates, each task served by the best; infinity where one is left out.
inline double brute_loss(std::size_t tasks, const std::vector<GroupCandidate>& candidates,
                         const std::vector<std::size_t>& chosen, const SearchOptions& options) {
    double sum = 0;
    for (std::size_t t = 0; t < tasks; ++t) {
        double best = std::numeric_limits<double>::infinity();
        for (const std::size_t i : chosen) {
            if ((candidates[i].tasks >> t & 1U) != 0) best = std::min(best, candidates[i].losses[t]);
        }
        if (std::isinf(best)) return best; // whatever its weight
        sum += weight_of(options, t) * best;
    }
    return sum;
}

/// The least loss at each cost, in tenths, over all sets of at most `tasks` candidates: no more serve a task.
class BruteForce {
public:
    BruteForce(std::size_t tasks, const std::vector<GroupCandidate>& candidates, const SearchOptions& options)
        : tasks_(tasks), candidates_(candidates), options_(options) {
        extend(0, 0);
    }

    /// Infinity where nothing keeps the budget.
    double least_loss(std::int64_t budget_tenths) const {
        double least = std::numeric_limits<double>::infinity();
        for (const auto& [cost, loss] : least_) {
            if (cost <= budget_tenths) least = std::min(least, loss);
        }
        return least;
    }

    std::int64_t largest_cost() const { return least_.empty() ? 0 : least_.rbegin()->first; }

private:
    void extend(std::size_t from, std::int64_t cost) {
        for (std::size_t i = from; i < candidates_.size() && chosen_.size() < most_groups(); ++i) {
            if (!options_.covers && overlaps(i)) continue;
            chosen_.push_back(i);
            const std::int64_t sum = cost + tenths(candidates_[i].cost);
            const double loss = brute_loss(tasks_, candidates_, chosen_, options_);
            const auto [known, is_new] = least_.try_emplace(sum, loss);
            if (!is_new) known->second = std::min(known->second, loss);
            extend(i + 1, sum);
            chosen_.pop_back();
        }
    }

    std::size_t most_groups() const { return std::min(tasks_, options_.max_groups); }

    bool overlaps(std::size_t i) const {
        return std::any_of(chosen_.begin(), chosen_.end(),
                           [&](std::size_t other) { return (candidates_[i].tasks & candidates_[other].tasks) != 0; });
    }

    std::size_t tasks_;
    const std::vector<GroupCandidate>& candidates_;
    const SearchOptions& options_;
    std::vector<std::size_t> chosen_;
    std::map<std::int64_t, double> least_;
};

/// Everything that a grouping says of itself.
inline void expect_consistent(std::size_t tasks, const std::vector<GroupCandidate>& candidates,
                              const Grouping& grouping, const SearchOptions& options) {
    std::vector<std::size_t> chosen;
    TaskSet served = 0, trained = 0;
    double cost = 0;
    for (const ChosenGroup& group : grouping.groups) {
        const GroupCandidate& candidate = candidates[group.candidate];
        chosen.push_back(group.candidate);
        EXPECT_NE(group.serves, 0U) << "a network that serves nothing";
        EXPECT_EQ(group.serves & ~candidate.tasks, 0U);
        EXPECT_EQ(group.serves & served, 0U) << "a task that is served twice";
        if (!options.covers) {
            EXPECT_EQ(candidate.tasks & trained, 0U);
        }
        served |= group.serves;
        trained |= candidate.tasks;
        cost += candidate.cost;
    }
    EXPECT_EQ(served, all_tasks(tasks));
    EXPECT_NEAR(grouping.cost, cost, 1e-9);
    EXPECT_NEAR(grouping.loss, brute_loss(tasks, candidates, chosen, options), 1e-9);
    double from_servers = 0;
    for (const ChosenGroup& group : grouping.groups) {
        for (std::size_t t = 0; t < tasks; ++t) {
            if ((group.serves >> t & 1U) != 0)
                from_servers += weight_of(options, t) * candidates[group.candidate].losses[t];
        }
    }
    EXPECT_NEAR(grouping.loss, from_servers, 1e-9) << "not served by the best";
    EXPECT_LE(grouping.groups.size(), options.max_groups);
}

} // namespace banyan::test
