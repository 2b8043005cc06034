#include "combine/merge_budget.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan::test {
namespace {

TEST(MergeBudget, ReadsItsText) {
    EXPECT_EQ(merge_budget_from_text("3", "--budget"), (MergeBudget{3.0, {}, {}}));
    EXPECT_EQ(merge_budget_from_text("1.5", "--budget"), (MergeBudget{1.5, {}, {}}));
    EXPECT_EQ(merge_budget_from_text("latency=12ms", "--budget"), (MergeBudget{{}, 12.0, {}}));
    EXPECT_EQ(merge_budget_from_text("branches=2", "--budget"), (MergeBudget{{}, {}, 2}));
    EXPECT_EQ(merge_budget_from_text("latency=0.5ms,branches=2", "--budget"), (MergeBudget{{}, 0.5, 2}));
}

TEST(MergeBudget, ComesBackFromItsText) {
    for (const char* text : {"3", "2.5,branches=2", "latency=12.25ms,branches=3", "branches=1"}) {
        EXPECT_EQ(merge_budget_text(merge_budget_from_text(text, "--budget")), text);
    }
    EXPECT_EQ(merge_budget_text({}), "");
    EXPECT_TRUE(MergeBudget{}.is_empty());
}

TEST(MergeBudget, RefusesWhatIsNoLimit) {
    for (const char* text : {"",
                             "x",
                             "0",
                             "-1",
                             "nan",
                             "inf",
                             "3ms",
                             "latency=12",
                             "latency=ms",
                             "latency=-1ms",
                             "branches=0",
                             "branches=1.5",
                             "branches=1e9",
                             "branches=",
                             "branches=2,branches=3",
                             "1,2",
                             "3,",
                             ",3",
                             "speed=2",
                             " 3"}) {
        expect_error<UsageError>([&] { merge_budget_from_text(text, "--budget"); },
                                 {"--budget", "latency=12ms", std::string("\"") + text + "\""});
    }
}

} // namespace
} // namespace banyan::test
