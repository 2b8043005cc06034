#include "data/record_cycle.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

constexpr std::int64_t kOnce = RecordCycle::kOnce;

/// How often each record is in an epoch.
std::map<std::int64_t, std::int64_t> copies_of(RecordCycle& cycle, std::int64_t epoch) {
    std::map<std::int64_t, std::int64_t> copies;
    for (std::int64_t i = 0; i < cycle.epoch_length(); ++i) ++copies[cycle.at(epoch * cycle.epoch_length() + i)];
    return copies;
}

TEST(RecordCycle, RepeatsEachRecordByTheFloorOrTheCeilingAndByItsRepeatOnAverage) {
    const std::vector<std::int64_t> repeats{kOnce, kOnce * 5 / 4, kOnce * 5 / 2, kOnce * 3, kOnce * 5 / 4};
    RecordCycle cycle({10, 11, 12, 13, 14}, repeats, 1, 0);
    EXPECT_EQ(cycle.epoch_length(), 9);
    constexpr std::int64_t kEpochs = 2000;
    std::map<std::int64_t, std::int64_t> sums;
    for (std::int64_t epoch = 0; epoch < kEpochs; ++epoch) {
        const auto copies = copies_of(cycle, epoch);
        for (std::size_t r = 0; r < repeats.size(); ++r) {
            const std::int64_t count = copies.at(static_cast<std::int64_t>(10 + r));
            EXPECT_GE(count, repeats[r] / kOnce);
            EXPECT_LE(count, (repeats[r] + kOnce - 1) / kOnce);
            sums[static_cast<std::int64_t>(r)] += count;
        }
    }
    for (std::size_t r = 0; r < repeats.size(); ++r) {
        const double wanted = static_cast<double>(repeats[r]) / static_cast<double>(kOnce);
        const double found = static_cast<double>(sums[static_cast<std::int64_t>(r)]) / kEpochs;
        EXPECT_NEAR(found, wanted, 0.05) << r; // 4 standard deviations of a coin's mean: 4 * 0.5 / sqrt(2000)
    }
}

TEST(RecordCycle, RaisesRepeatsToWholeEpochs) {
    RecordCycle cycle({0, 1, 2}, {kOnce, kOnce + 1, kOnce + 1}, 1, 0);
    EXPECT_EQ(cycle.epoch_length(), 4); // one row more an epoch, of any record
    for (std::int64_t epoch = 0; epoch < 50; ++epoch) EXPECT_EQ(copies_of(cycle, epoch).size(), 3U);
}

TEST(RecordCycle, IsAFunctionOfThePosition) {
    const std::vector<std::int64_t> repeats{kOnce * 3 / 2, kOnce, kOnce * 7 / 4};
    RecordCycle forward({5, 6, 7}, repeats, 3, 2);
    std::vector<std::int64_t> all;
    for (std::int64_t i = 0; i < 60; ++i) all.push_back(forward.at(i));
    RecordCycle backward({5, 6, 7}, repeats, 3, 2), other_seed({5, 6, 7}, repeats, 4, 2);
    RecordCycle other_stream({5, 6, 7}, repeats, 3, 9);
    int same_seed = 0, same_stream = 0;
    for (std::int64_t i = 59; i >= 0; --i) {
        const std::int64_t record = all[static_cast<std::size_t>(i)];
        EXPECT_EQ(backward.at(i), record);
        same_seed += other_seed.at(i) == record;
        same_stream += other_stream.at(i) == record;
    }
    EXPECT_LT(same_seed, 60);
    EXPECT_LT(same_stream, 60);
}

TEST(RecordCycle, RefusesWhatItCannotRepeat) {
    expect_error<CheckError>([] { RecordCycle({}, {}, 0, 0); }, {"no record"});
    expect_error<CheckError>([] { RecordCycle({1, 2}, {kOnce}, 0, 0); }, {"1 repeats of 2"});
    expect_error<CheckError>([] { RecordCycle({1, 2}, {kOnce, kOnce - 1}, 0, 0); }, {"below 1"});
}

} // namespace
} // namespace banyan
