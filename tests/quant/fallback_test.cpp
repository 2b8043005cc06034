#include "quant/fallback.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/random.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Names = std::vector<std::string>;

Names layer_names(std::size_t count) {
    Names names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("layer" + std::to_string(i));
    return names;
}

/// 0.9, less what each layer in 8 bits costs.
FallbackJudge costing(std::vector<double> costs) {
    return [costs = std::move(costs)](const Names& kept) {
        const Names names = layer_names(costs.size());
        double figure = 0.9;
        for (std::size_t i = 0; i < costs.size(); ++i) {
            if (std::find(kept.begin(), kept.end(), names[i]) == kept.end()) figure -= costs[i];
        }
        return std::vector<double>{figure};
    };
}

TEST(FindFallback, KeepsNothingWhereNothingDrops) {
    const Fallback found = find_fallback({0.9}, {layer_names(10)}, costing(std::vector<double>(10, 0.0001)), 0.005);
    EXPECT_TRUE(found.is_within);
    ASSERT_THAT(found.tries, SizeIs(1));
    EXPECT_THAT(found.tries[found.chosen].kept, IsEmpty());
}

/// The smallest k of a ranking by cost, by brute force.
TEST(FindFallback, FindsTheFewestWhereEachLayerHelps) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Random random(seed);
        const auto count = static_cast<std::size_t>(random.integer(1, 60));
        std::vector<double> costs(count);
        for (double& cost : costs) cost = random.uniform(0, 0.01);
        std::sort(costs.rbegin(), costs.rend());
        const double most_drop = random.uniform(0.0005, 0.1);
        std::size_t fewest = 0;
        for (double left = std::accumulate(costs.begin(), costs.end(), 0.0); left > most_drop; ++fewest) {
            left = std::accumulate(costs.begin() + static_cast<std::ptrdiff_t>(fewest) + 1, costs.end(), 0.0);
        }
        const Fallback found = find_fallback({0.9}, {layer_names(count)}, costing(costs), most_drop);
        EXPECT_TRUE(found.is_within) << seed;
        EXPECT_THAT(found.tries[found.chosen].kept, SizeIs(fewest)) << seed;
        EXPECT_LE(found.tries.size(), 2 + 2 * std::ceil(std::log2(count + 1))) << seed;
    }
}

TEST(FindFallback, KeepsOneBadLayerAndWhatIsRankedBeforeIt) {
    std::vector<double> costs(40, 0.0);
    costs[5] = 0.2;
    const Fallback found = find_fallback({0.9}, {layer_names(40)}, costing(costs), 0.005);
    EXPECT_TRUE(found.is_within);
    EXPECT_EQ(found.tries[found.chosen].kept, layer_names(6));
}

TEST(FindFallback, KeepsAllWhereAllAreBad) {
    const Fallback found = find_fallback({0.9}, {layer_names(13)}, costing(std::vector<double>(13, 0.01)), 0.005);
    EXPECT_TRUE(found.is_within);
    EXPECT_THAT(found.tries[found.chosen].kept, SizeIs(13));
}

TEST(FindFallback, LeavesLayersOfTasksThatDoNotDropAlone) {
    const FallbackJudge judge = [](const Names& kept) {
        const bool is_kept = std::find(kept.begin(), kept.end(), "face.1") != kept.end();
        return std::vector<double>{0.8, is_kept ? 0.7 : 0.5, -1};
    };
    const Fallback found =
        find_fallback({0.8, 0.7, -1}, {{"hand.0", "hand.1"}, {"face.0", "face.1"}, {"pose.0"}}, judge, 0.01);
    EXPECT_TRUE(found.is_within);
    EXPECT_THAT(found.tries[found.chosen].kept, ElementsAre("face.0", "face.1"));
}

/// Once "face" is helped, "hand" drops: both are then helped together.
TEST(FindFallback, AddsATaskThatComesToDrop) {
    const FallbackJudge judge = [](const Names& kept) {
        const std::set<std::string> names(kept.begin(), kept.end());
        const double face = names.contains("face.0") ? 0.7 : 0.5;
        const double hand = names.contains("face.0") && !names.contains("hand.0") ? 0.6 : 0.8;
        return std::vector<double>{hand, face};
    };
    const Fallback found = find_fallback({0.8, 0.7}, {{"hand.0", "hand.1"}, {"face.0", "face.1"}}, judge, 0.01);
    EXPECT_TRUE(found.is_within);
    EXPECT_THAT(found.tries[found.chosen].kept, ElementsAre("hand.0", "face.0"));
}

/// Both tasks drop in turn, and share their rankings.
TEST(FindFallback, JudgesNoSetTwice) {
    std::set<Names> judged;
    const FallbackJudge judge = [&](const Names& kept) {
        EXPECT_TRUE(judged.insert(kept).second);
        return kept.size() % 2 == 0 ? std::vector<double>{0.5, 0.7} : std::vector<double>{0.7, 0.5};
    };
    const Fallback found = find_fallback({0.7, 0.7}, {layer_names(9), layer_names(9)}, judge, 0.01);
    EXPECT_FALSE(found.is_within);
    EXPECT_THAT(found.tries, SizeIs(judged.size()));
}

TEST(FindFallback, TakesOnlyWhatWasWithinUnderNoise) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Random random(seed);
        const FallbackJudge exact_judge = costing(std::vector<double>(30, 0.002));
        const FallbackJudge judge = [&](const Names& kept) {
            return std::vector<double>{exact_judge(kept)[0] + 0.02 * random.normal()};
        };
        const Fallback found = find_fallback({0.9}, {layer_names(30)}, judge, 0.005);
        const FallbackTry& chosen = found.tries[found.chosen];
        EXPECT_EQ(found.is_within, chosen.worst_drop <= 0.005) << seed;
        if (found.is_within) continue;
        for (const FallbackTry& other : found.tries) EXPECT_GE(other.worst_drop, chosen.worst_drop) << seed;
    }
}

TEST(FindFallback, TakesTheLeastDropWhereNothingIsEnough) {
    const FallbackJudge judge = [](const Names& kept) { return std::vector<double>{kept.size() == 2 ? 0.6 : 0.5}; };
    const Fallback found = find_fallback({0.9}, {layer_names(7)}, judge, 0.005);
    EXPECT_FALSE(found.is_within);
    EXPECT_THAT(found.tries[found.chosen].kept, SizeIs(2));
    EXPECT_THAT(found.tries.back().kept, SizeIs(7));
    EXPECT_NEAR(found.tries[found.chosen].worst_drop, 0.3, 1e-12);
}

TEST(FindFallback, HasNothingToDoWithoutFigures) {
    const Fallback found = find_fallback(
        {-1}, {layer_names(3)}, [](const Names&) { return std::vector{-1.0}; }, 0);
    EXPECT_TRUE(found.is_within);
    EXPECT_THAT(found.tries, SizeIs(1));
}

TEST(FindFallback, RefusesWhatDoesNotFit) {
    const auto judge = [](const Names&) { return std::vector<double>{0.5}; };
    test::expect_error<CheckError>([&] { find_fallback({0.5}, {}, judge, 0.1); }, {"1 rankings", "found 0"});
    test::expect_error<CheckError>([&] { find_fallback({0.5, 0.5}, {{}, {}}, judge, 0.1); }, {"2 figures", "found 1"});
    test::expect_error<CheckError>([&] { find_fallback({0.5}, {{}}, judge, -0.1); }, {"at least 0"});
}

} // namespace
} // namespace banyan
