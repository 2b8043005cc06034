#include "core/indexed_work.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"

namespace banyan {
namespace {

TEST(WorkThrough, DoesEveryIndexOnce) {
    for (const std::size_t workers : {1U, 2U, 7U}) {
        std::vector<std::atomic<int>> done(100);
        std::atomic<bool> known{true};
        EXPECT_TRUE(work_through(done.size(), workers, [&](std::size_t worker, std::size_t index) {
            known = known && worker < workers;
            ++done[index];
            return true;
        }));
        EXPECT_TRUE(known);
        for (const std::atomic<int>& times : done) EXPECT_EQ(times, 1);
    }
    EXPECT_TRUE(work_through(0, 3, [](std::size_t, std::size_t) { return false; }));
}

TEST(WorkThrough, OneWorkerIsTheCaller) {
    const std::thread::id caller = std::this_thread::get_id();
    work_through(3, 1, [&](std::size_t, std::size_t) {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        return true;
    });
}

TEST(WorkThrough, StopsWhereATaskSaysSo) {
    for (const std::size_t workers : {1U, 4U}) {
        std::atomic<std::size_t> begun{0};
        EXPECT_FALSE(work_through(1'000'000, workers, [&](std::size_t, std::size_t index) {
            ++begun;
            return index != 10;
        }));
        EXPECT_GE(begun, 11U);
        EXPECT_LT(begun, 1'000'000U);
    }
}

TEST(WorkThrough, ThrowsWhatATaskThrewWhenAllHaveEnded) {
    std::atomic<int> running{0};
    const auto fail = [&] {
        work_through(1'000'000, 4, [&](std::size_t, std::size_t index) {
            ++running;
            std::this_thread::yield();
            --running;
            if (index == 20) throw IoError("disk full");
            return true;
        });
    };
    EXPECT_THROW(fail(), IoError);
    EXPECT_EQ(running, 0);
}

TEST(WorkThrough, RefusesNoWorkers) {
    EXPECT_THROW(work_through(1, 0, [](std::size_t, std::size_t) { return true; }), CheckError);
}

} // namespace
} // namespace banyan
