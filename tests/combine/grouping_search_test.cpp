#include "combine/grouping_search.h"

#include <bit>
#include <chrono>
#include <limits>

#include <gtest/gtest.h>

#include "combine/subset_table.h"
#include "core/error.h"
#include "core/random.h"
#include "grouping_oracle.h"
#include "support/expect_error.h"
#include "support/shared_data.h"

namespace banyan::test {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

GroupCandidate candidate(TaskSet tasks, double cost, std::vector<double> losses) {
    return {tasks, cost, std::move(losses), {}};
}

/// The best grouping of a front within a budget, or infinity.
double loss_within(const SearchResult& result, double budget) {
    double least = std::numeric_limits<double>::infinity();
    for (const Grouping& grouping : result.front) {
        if (grouping.cost <= budget + 1e-9) least = std::min(least, grouping.loss);
    }
    return least;
}

void expect_front(const SearchResult& result) {
    for (std::size_t i = 1; i < result.front.size(); ++i) {
        EXPECT_GT(result.front[i].cost, result.front[i - 1].cost);
        EXPECT_LT(result.front[i].loss, result.front[i - 1].loss);
    }
}

/// A network for a random set of tasks; costs in tenths; losses with few digits, so that ties happen.
GroupCandidate random_candidate(Random& random, std::size_t tasks, TaskSet set) {
    GroupCandidate made{set, static_cast<double>(random.integer(1, 15)) / 10, {}, {}};
    const bool rough = random.chance(0.5);
    for (std::size_t t = 0; t < tasks; ++t) {
        const double loss = rough ? static_cast<double>(random.integer(0, 9)) / 10 : random.uniform(-1, 1);
        made.losses.push_back((set >> t & 1U) != 0 ? loss : kNone);
        made.variances.push_back(random.uniform());
    }
    return made;
}

std::vector<GroupCandidate> random_candidates(Random& random, std::size_t tasks, std::size_t count) {
    std::vector<GroupCandidate> candidates;
    for (std::size_t i = 0; i < count; ++i) {
        const auto set = static_cast<TaskSet>(random.integer(1, all_tasks(tasks)));
        candidates.push_back(random_candidate(random, tasks, set));
    }
    return candidates;
}

class PublishedTables : public testing::TestWithParam<const char*> {};

TEST_P(PublishedTables, AreSolvedAsByBruteForceAtEveryBudget) {
    if (!has_shared_data("data/taskgrouping")) GTEST_SKIP() << "needs data/taskgrouping";
    const SubsetTable table = load_subset_table(shared_path("data/taskgrouping/" + std::string(GetParam())));
    const SearchOptions unlimited;
    const BruteForce oracle(5, table.networks, unlimited);
    const SearchResult whole = search_groupings(5, table.networks, unlimited);
    EXPECT_TRUE(whole.optimal);
    expect_front(whole);
    for (std::int64_t budget = 5; budget <= 50; budget += 5) {
        SearchOptions options;
        options.max_cost = static_cast<double>(budget) / 10;
        const SearchResult result = search_groupings(5, table.networks, options);
        if (budget < 10) {
            EXPECT_TRUE(result.front.empty()) << "no half-size network has all tasks";
            continue;
        }
        ASSERT_FALSE(result.front.empty());
        EXPECT_NEAR(result.best().loss, oracle.least_loss(budget), 1e-12) << "budget " << options.max_cost;
        EXPECT_NEAR(loss_within(whole, options.max_cost), oracle.least_loss(budget), 1e-12);
        EXPECT_LE(result.best().cost, options.max_cost);
        for (const Grouping& grouping : result.front) expect_consistent(5, table.networks, grouping, options);
    }
}

INSTANTIATE_TEST_SUITE_P(Settings, PublishedTables,
                         testing::Values("results.txt", "results_test.txt", "results_large.txt",
                                         "results_large_test.txt"));

TEST(SearchGroupings, FindsWhatBruteForceFinds) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed);
        const auto tasks = static_cast<std::size_t>(random.integer(3, 6));
        const auto candidates = random_candidates(random, tasks, static_cast<std::size_t>(random.integer(4, 13)));
        SearchOptions options;
        options.covers = random.chance(0.6);
        if (random.chance(0.5)) options.max_groups = static_cast<std::size_t>(random.integer(1, 4));
        if (random.chance(0.5)) {
            for (std::size_t t = 0; t < tasks; ++t)
                options.weights.push_back(static_cast<double>(random.integer(0, 4)) / 2);
        }
        const BruteForce oracle(tasks, candidates, options);
        const SearchResult whole = search_groupings(tasks, candidates, options);
        expect_front(whole);
        for (const Grouping& grouping : whole.front) expect_consistent(tasks, candidates, grouping, options);
        for (std::int64_t budget = 1; budget <= oracle.largest_cost(); ++budget) {
            SearchOptions limited = options;
            limited.max_cost = static_cast<double>(budget) / 10;
            const SearchResult result = search_groupings(tasks, candidates, limited);
            const double expected = oracle.least_loss(budget);
            EXPECT_EQ(result.front.empty(), std::isinf(expected));
            if (result.front.empty()) continue;
            EXPECT_NEAR(result.best().loss, expected, 1e-12) << "budget " << limited.max_cost;
            EXPECT_NEAR(loss_within(whole, limited.max_cost), expected, 1e-12);
        }
    }
}

TEST(SearchGroupings, TakesAPlanThatCostsTheBudgetExactly) {
    const std::vector<GroupCandidate> singles{candidate(1, 0.1, {1, kNone, kNone}),
                                              candidate(2, 0.1, {kNone, 1, kNone}),
                                              candidate(4, 0.1, {kNone, kNone, 1})};
    ASSERT_GT(0.1 + 0.1 + 0.1, 0.3);
    SearchOptions options;
    options.max_cost = 0.3;
    const SearchResult result = search_groupings(3, singles, options);
    ASSERT_EQ(result.front.size(), 1U);
    EXPECT_EQ(result.best().cost, 0.3);
    options.max_cost = 0.29999999;
    EXPECT_TRUE(search_groupings(3, singles, options).front.empty());
}

TEST(SearchGroupings, PrefersFewGroupsAndFewTasksAmongEqualPlans) {
    const std::vector<GroupCandidate> equal{
        candidate(0b011, 1, {0.1, 0.2, kNone}),
        candidate(0b100, 1, {kNone, kNone, 0.3}), // 2 groups, 3 tasks trained
        candidate(0b111, 1, {0.1, 0.2, 0.5}),     // with another: 4 or more
        candidate(0b001, 0.5, {0.1, kNone, kNone}),
        candidate(0b010, 0.5, {kNone, 0.2, kNone}),
    };
    const SearchResult result = search_groupings(3, equal, {});
    const Grouping& best = result.best();
    EXPECT_EQ(best.loss, 0.6) << "the sum of decimals, to the last bit";
    ASSERT_EQ(best.groups.size(), 2U);
    EXPECT_EQ(best.groups[0].candidate, 0U);
    EXPECT_EQ(best.groups[1].candidate, 1U);
}

TEST(SearchGroupings, ServesATaskThatTrainsTwiceByTheBetterGroup) {
    const std::vector<GroupCandidate> candidates{candidate(0b011, 1, {0.1, 0.9, kNone}),
                                                 candidate(0b110, 1, {kNone, 0.2, 0.3})};
    const SearchResult covers = search_groupings(3, candidates, {});
    ASSERT_EQ(covers.best().groups.size(), 2U);
    EXPECT_EQ(covers.best().groups[0].serves, 0b001U);
    EXPECT_EQ(covers.best().groups[1].serves, 0b110U);
    EXPECT_EQ(covers.best().loss, 0.6);
    SearchOptions partitions;
    partitions.covers = false;
    EXPECT_TRUE(search_groupings(3, candidates, partitions).front.empty());
}

TEST(SearchGroupings, AddsVariancesWithinAGroupAsOneErrorAndOverGroupsAsMany) {
    std::vector<GroupCandidate> candidates{candidate(0b011, 1, {0, 0, kNone}), candidate(0b100, 1, {kNone, kNone, 0})};
    candidates[0].variances = {1, 4, 0};
    candidates[1].variances = {0, 0, 9};
    SearchOptions options;
    options.weights = {1, 2, 1};
    EXPECT_NEAR(search_groupings(3, candidates, options).best().variance, (1 + 2 * 2) * (1 + 2 * 2) + 9, 1e-12);
}

TEST(SearchGroupings, RefusesBrokenCandidates) {
    const auto refused = [](const GroupCandidate& broken, const SearchOptions& options, const std::string& word) {
        expect_error<CheckError>([&] { search_groupings(2, {broken}, options); }, {word});
    };
    refused(candidate(0, 1, {0, 0}), {}, "no task");
    refused(candidate(0b100, 1, {0, 0}), {}, "there is not");
    refused(candidate(1, 0, {0, 0}), {}, "cost");
    refused(candidate(1, kNone, {0, 0}), {}, "cost");
    refused(candidate(1, 1, {0}), {}, "a loss for each of 2");
    refused(candidate(1, 1, {kNone, 0}), {}, "not finite");
    SearchOptions weights;
    weights.weights = {1};
    refused(candidate(1, 1, {0, 0}), weights, "2 weights");
    expect_error<CheckError>([] { search_groupings(31, {}, {}); }, {"30"});
}

/// Tasks on a line, the nearer the better together; a group's loss grows with its size too.
GroupCandidate related_group(TaskSet tasks, std::size_t count, const std::vector<double>& places) {
    GroupCandidate group{tasks, 1 + 0.1 * std::popcount(tasks), std::vector<double>(count, kNone), {}};
    for (std::size_t t = 0; t < count; ++t) {
        if ((tasks >> t & 1U) == 0) continue;
        double far = 0;
        for (std::size_t other = 0; other < count; ++other) {
            if ((tasks >> other & 1U) != 0) far += std::abs(places[t] - places[other]);
        }
        group.losses[t] = far / std::popcount(tasks) + 0.02 * std::popcount(tasks);
    }
    return group;
}

std::vector<double> random_places(Random& random, std::size_t count) {
    std::vector<double> places;
    for (std::size_t t = 0; t < count; ++t) places.push_back(random.uniform());
    return places;
}

TEST(SearchGroupings, IsFastForTenTasksWithAllSubsets) {
    Random random(5);
    std::vector<GroupCandidate> candidates;
    for (TaskSet set = 1; set <= all_tasks(10); ++set) {
        candidates.push_back(random_candidate(random, 10, set));
        candidates.back().cost = 1 + random.uniform(); // no two plans cost the same
    }
    const auto start = std::chrono::steady_clock::now();
    const SearchResult result = search_groupings(10, candidates, {});
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    RecordProperty("seconds", std::to_string(seconds.count()));
    EXPECT_TRUE(result.optimal);
    EXPECT_GE(result.front.size(), 10U);
    EXPECT_LT(seconds.count(), 5) << "about 0.1 s on a free core";
}

TEST(LocalSearch, ComesNearTheOptimumOfGivenNetworks) {
    double worst = 0, sum = 0;
    int count = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Random random(seed);
        const auto tasks = static_cast<std::size_t>(random.integer(6, 10));
        const auto candidates = random_candidates(random, tasks, 60);
        SearchOptions options;
        options.covers = seed % 4 != 0;
        const SearchResult exact = search_groupings(tasks, candidates, options);
        options.most_exact_tasks = 0;
        const SearchResult near = search_groupings(tasks, candidates, options);
        EXPECT_FALSE(near.optimal);
        expect_front(near);
        if (options.covers) {
            ASSERT_FALSE(near.front.empty());
        }
        for (const Grouping& grouping : near.front) expect_consistent(tasks, candidates, grouping, options);
        for (const Grouping& grouping : exact.front) {
            const double gap = loss_within(near, grouping.cost) - grouping.loss;
            if (std::isinf(gap)) continue; // at that cost the local search knows no plan
            EXPECT_GE(gap, -1e-9) << "better than the optimum";
            worst = std::max(worst, gap / static_cast<double>(tasks));
            sum += gap / static_cast<double>(tasks);
            ++count;
        }
    }
    RecordProperty("worst", std::to_string(worst));
    EXPECT_LT(worst, 0.1) << "of losses that spread over 2";
    EXPECT_LT(sum / count, 0.002);
}

TEST(LocalSearch, ComesNearTheOptimumOfAllGroupings) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed);
        const std::size_t tasks = 9;
        const std::vector<double> places = random_places(random, tasks);
        const GroupFunction group = [&](TaskSet set) { return related_group(set, tasks, places); };
        SearchOptions options;
        options.covers = false;
        if (seed % 2 == 0) options.max_groups = 4;
        const GroupSearch exact = search_all_groupings(tasks, group, options);
        options.most_exact_tasks = 0;
        const GroupSearch near = search_all_groupings(tasks, group, options);
        ASSERT_FALSE(near.result.front.empty());
        for (const Grouping& grouping : exact.result.front) {
            EXPECT_NEAR(loss_within(near.result, grouping.cost), grouping.loss, 0.01 * grouping.loss);
        }
    }
}

TEST(LocalSearch, GroupsThirtyTasksAndMakesFewGroups) {
    Random random(3);
    const std::vector<double> places = random_places(random, 30);
    std::size_t made = 0;
    const auto start = std::chrono::steady_clock::now();
    SearchOptions options;
    options.covers = false;
    options.max_groups = 4;
    const GroupSearch search = search_all_groupings(
        30,
        [&](TaskSet set) {
            ++made;
            return related_group(set, 30, places);
        },
        options);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    RecordProperty("seconds", std::to_string(seconds.count()));
    EXPECT_EQ(made, search.candidates.size()) << "each group once";
    ASSERT_FALSE(search.result.front.empty());
    const Grouping& best = search.result.best();
    expect_consistent(30, search.candidates, best, options);
    // On a line neighbours belong together: no group reaches into another.
    for (const ChosenGroup& group : best.groups) {
        double low = 1, high = 0;
        for (std::size_t t = 0; t < 30; ++t) {
            if ((group.serves >> t & 1U) == 0) continue;
            low = std::min(low, places[t]);
            high = std::max(high, places[t]);
        }
        for (std::size_t t = 0; t < 30; ++t) {
            if ((group.serves >> t & 1U) == 0) {
                EXPECT_TRUE(places[t] < low || places[t] > high);
            }
        }
    }
}

TEST(LocalSearch, GivesTheSameEveryTime) {
    Random random(8);
    const auto candidates = random_candidates(random, 12, 80);
    const SearchResult first = search_groupings(12, candidates, {}), second = search_groupings(12, candidates, {});
    ASSERT_EQ(first.front.size(), second.front.size());
    for (std::size_t i = 0; i < first.front.size(); ++i) EXPECT_EQ(first.front[i].loss, second.front[i].loss);
}

} // namespace
} // namespace banyan::test
