#include "core/random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

/// State words 1, 2, 3, 4.
const std::string kFirstState = "0000000000000001000000000000000200000000000000030000000000000004";

TEST(Random, IsXoshiro256StarStar) {
    // The generator's equations applied by hand to the state (1, 2, 3, 4); the first: rotl(2 * 5, 7) * 9 = 1280 * 9.
    Random random = Random::from_state(kFirstState);
    for (const std::uint64_t expected :
         {11520ULL, 0ULL, 1509978240ULL, 1215971899390074240ULL, 1216172134540287360ULL, 607988272756665600ULL,
          16172922978634559625ULL, 8476171486693032832ULL, 10595114339597558777ULL, 2904607092377533576ULL}) {
        EXPECT_EQ(random.next(), expected);
    }
}

TEST(Random, SameSeedAndStreamGiveTheSameNumbers) {
    Random a(7, 1, 2);
    Random b(7, 1, 2);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(a.next(), b.next());
    EXPECT_EQ(a, b);
}

TEST(Random, StreamsDiffer) {
    std::set<std::uint64_t> first_numbers;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        for (std::uint64_t a = 0; a < 10; ++a) {
            for (std::uint64_t b = 0; b < 10; ++b) first_numbers.insert(Random(seed, a, b).next());
        }
    }
    EXPECT_EQ(first_numbers.size(), 1000U);
}

TEST(Random, UniformStaysBelowOneAndFillsTheRange) {
    Random random(1);
    double sum = 0;
    double square_sum = 0;
    constexpr int kDraws = 200000;
    for (int i = 0; i < kDraws; ++i) {
        const double u = random.uniform();
        ASSERT_GE(u, 0.0);
        ASSERT_LT(u, 1.0);
        sum += u;
        square_sum += u * u;
    }
    // Standard errors: 0.29 / sqrt(200000) = 0.00065 and 0.30 / sqrt(200000) = 0.00067; five of them.
    EXPECT_NEAR(sum / kDraws, 0.5, 0.0033);
    EXPECT_NEAR(square_sum / kDraws, 1.0 / 3.0, 0.0034);
}

TEST(Random, UniformOfARangeKeepsToIt) {
    Random random(2);
    for (int i = 0; i < 10000; ++i) {
        const double x = random.uniform(-3, 5);
        ASSERT_GE(x, -3.0);
        ASSERT_LE(x, 5.0);
    }
    EXPECT_EQ(random.uniform(2.5, 2.5), 2.5);
}

TEST(Random, IntegerIsUniformWithBothEnds) {
    Random random(3);
    std::array<int, 7> counts{};
    constexpr int kDraws = 70000;
    for (int i = 0; i < kDraws; ++i) ++counts.at(static_cast<std::size_t>(random.integer(-3, 3) + 3));
    double chi_square = 0;
    for (const int count : counts) chi_square += (count - 10000.0) * (count - 10000.0) / 10000.0;
    EXPECT_LT(chi_square, 27.9); // 6 degrees of freedom, p = 0.0001
}

TEST(Random, IntegerHandlesTheWidestRanges) {
    Random random(4);
    bool negative = false;
    bool positive = false;
    for (int i = 0; i < 100; ++i) {
        const std::int64_t whole = random.integer(kMin, kMax);
        negative |= whole < 0;
        positive |= whole > 0;
        ASSERT_GE(random.integer(kMin, kMax - 1), kMin);
        ASSERT_LE(random.integer(kMin, kMax - 1), kMax - 1);
    }
    EXPECT_TRUE(negative && positive);
    EXPECT_EQ(random.integer(kMax, kMax), kMax);
    EXPECT_EQ(random.integer(kMin, kMin), kMin);
}

TEST(Random, RefusesBadRanges) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    constexpr double kLargest = std::numeric_limits<double>::max();
    Random random(5);
    expect_error<CheckError>([&] { random.integer(2, 1); }, {"Random::integer", "[2, 1]"});
    expect_error<CheckError>([&] { random.uniform(2, 1); }, {"Random::uniform", "[2, 1]"});
    expect_error<CheckError>([&] { random.uniform(kNan, 1); }, {"Random::uniform"});
    expect_error<CheckError>([&] { random.uniform(0, kNan); }, {"Random::uniform"});
    expect_error<CheckError>([&] { random.uniform(-kLargest, kLargest); }, {"Random::uniform"});
}

TEST(Random, ChanceIsNeverAtZeroAndAlwaysAtOne) {
    Random random(6);
    int hits = 0;
    for (int i = 0; i < 10000; ++i) {
        ASSERT_FALSE(random.chance(0));
        ASSERT_TRUE(random.chance(1));
        hits += random.chance(0.25) ? 1 : 0;
    }
    EXPECT_NEAR(hits, 2500, 5 * 43.3); // sqrt(10000 * 0.25 * 0.75) = 43.3
}

TEST(Random, NormalFollowsTheNormalDistribution) {
    Random random(8);
    constexpr int kDraws = 200000;
    std::vector<double> draws(kDraws);
    for (double& draw : draws) draw = random.normal();
    std::sort(draws.begin(), draws.end());
    double farthest = 0; // Kolmogorov-Smirnov
    for (int i = 0; i < kDraws; ++i) {
        const double expected = 0.5 * std::erfc(-draws[static_cast<std::size_t>(i)] / std::sqrt(2.0));
        const double before = static_cast<double>(i) / kDraws;
        const double after = static_cast<double>(i + 1) / kDraws;
        farthest = std::max({farthest, std::abs(expected - before), std::abs(expected - after)});
    }
    EXPECT_LT(farthest * std::sqrt(kDraws), 2.23); // p = 0.0001
    const double mean = std::accumulate(draws.begin(), draws.end(), 0.0) / kDraws;
    EXPECT_NEAR(mean, 0, 5 / std::sqrt(kDraws));
    EXPECT_LT(draws.front(), -3.5);
    EXPECT_GT(draws.back(), 3.5);
}

TEST(Random, ShufflePermutesUniformly) {
    Random random(9);
    std::array<int, 6> counts{};
    for (int i = 0; i < 60000; ++i) {
        std::vector<int> items{0, 1, 2};
        random.shuffle(items);
        ++counts.at(static_cast<std::size_t>(items[0] * 2 + (items[1] > items[2] ? 1 : 0)));
    }
    double chi_square = 0;
    for (const int count : counts) chi_square += (count - 10000.0) * (count - 10000.0) / 10000.0;
    EXPECT_LT(chi_square, 25.7); // 5 degrees of freedom, p = 0.0001
}

TEST(Random, ShuffleTakesEmptyAndSingleLists) {
    Random random(10);
    std::vector<int> none;
    std::vector<int> one{4};
    random.shuffle(none);
    random.shuffle(one);
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(one, std::vector<int>{4});
}

TEST(Random, StateGoesOnWhereItWasSaved) {
    Random random(11, 2, 3);
    for (int i = 0; i < 1000; ++i) random.normal();
    Random restored = Random::from_state(random.state());
    EXPECT_EQ(restored, random);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(restored.next(), random.next());
    EXPECT_EQ(Random::from_state(kFirstState).state(), kFirstState);
}

TEST(Random, RefusesBadStates) {
    for (const std::string& state :
         {std::string(), std::string(63, '1'), std::string(65, '1'), std::string(64, '0'), std::string(63, '1') + "g",
          "-" + std::string(63, '1'), " " + std::string(63, '1'), "0x" + std::string(62, '1')}) {
        SCOPED_TRACE(state);
        expect_error<ModelFileError>([&] { Random::from_state(state); }, {"random state", "64 hex digits"});
    }
}

} // namespace
} // namespace banyan
