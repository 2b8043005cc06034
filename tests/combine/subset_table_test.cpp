#include "combine/subset_table.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/shared_data.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

void refused(const std::string& text, const std::vector<std::string>& words) {
    expect_error<DataError>([&] { parse_subset_table(text, "t.txt"); }, words);
}

std::string json_of(const std::string& networks) {
    return R"({"schema_version": 1, "tasks": ["a", "b"], "networks": [)" + networks + "]}";
}

TEST(SubsetTable, ReadsHalfSizeNetworksThenFullOnes) {
    const SubsetTable table = parse_subset_table("0.5\t0.25\t1\n0.4\t\t\n\t0.3\t0.2", "t.txt");
    EXPECT_EQ(table.tasks, (std::vector<std::string>{"task1", "task2", "task3"}));
    ASSERT_EQ(table.networks.size(), 5U);
    EXPECT_EQ(table.networks[2].tasks, 0b100U);
    EXPECT_EQ(table.networks[2].cost, 0.5);
    EXPECT_EQ(table.networks[2].losses[2], 1);
    EXPECT_TRUE(std::isnan(table.networks[2].losses[0]));
    EXPECT_EQ(table.networks[4].tasks, 0b110U);
    EXPECT_EQ(table.networks[4].cost, 1);
    EXPECT_EQ(table.networks[4].losses[1], 0.3);
    EXPECT_EQ(table.places[4], "t.txt:3");
    EXPECT_EQ(table.names_of(0b101), (std::vector<std::string>{"task1", "task3"}));
    EXPECT_EQ(missing_subsets(table), 7U - 4U);
}

TEST(SubsetTable, TakesAnyLineEndsAndTrailingTabs) {
    const SubsetTable table = parse_subset_table("1\t2\r\n0.5\t\t\t\r\n\t 0.25 \r\n3\t4\r\n\r\n", "t.txt", {"x", "y"});
    ASSERT_EQ(table.networks.size(), 5U);
    EXPECT_EQ(table.networks[2].losses[0], 0.5);
    EXPECT_EQ(table.networks[3].losses[1], 0.25);
    EXPECT_EQ(table.networks[4].tasks, 0b11U);
    EXPECT_EQ(table.tasks[1], "y");
    EXPECT_EQ(missing_subsets(table), 0U);
}

TEST(SubsetTable, ReadsThePublishedTables) {
    if (!has_shared_data("data/taskgrouping")) GTEST_SKIP() << "needs data/taskgrouping";
    for (const char* name : {"results.txt", "results_test.txt", "results_large.txt", "results_large_test.txt"}) {
        const SubsetTable table = load_subset_table(shared_path(std::string("data/taskgrouping/") + name));
        EXPECT_EQ(table.tasks.size(), 5U);
        EXPECT_EQ(table.networks.size(), 5U + 31U);
        EXPECT_EQ(missing_subsets(table), 0U);
    }
}

TEST(SubsetTable, TellsTheLineAndColumnOfWhatIsWrong) {
    refused("", {"t.txt", "empty"});
    refused("\n\n", {"t.txt", "empty"});
    refused("1\n", {"t.txt:1", "2 to 30 tasks", "1 column"});
    refused("1\t\t2\n", {"t.txt:1, column 2", "half-size"});
    refused("1\t2\n3\tx4\n", {"t.txt:2, column 2", "\"x4\""});
    refused("1\t2\n3,5\t4\n", {"t.txt:2, column 1", "\"3,5\""});
    refused("1\t2\nnan\t4\n", {"t.txt:2, column 1", "finite", "\"nan\""});
    refused("1\t2\n1\tinf\n", {"t.txt:2, column 2", "\"inf\""});
    refused("1\t2\n1\t1e999\n", {"t.txt:2, column 2"});
    refused("1\t2\n1\t2\t3\n", {"t.txt:2", "too many columns", "expected 2", "found 3"});
    refused("1\t2\n\n1\t2\n", {"t.txt:2", "without a task"});
    refused("1\t2\n1\t2\n2\t1\n", {"t.txt:3", "there before", "task1, task2, as in t.txt:2"});
    expect_error<IoError>([] { load_subset_table("/nowhere/t.txt"); }, {"/nowhere/t.txt"});
    expect_error<UsageError>([] { parse_subset_table("1\t2\n", "t.txt", {"a"}); }, {"--tasks", "2 names", "found 1"});
    expect_error<UsageError>([] { parse_subset_table("1\t2\n", "t.txt", {"a", "a"}); }, {"--tasks", "twice"});
}

TEST(SubsetTable, ReadsJson) {
    const SubsetTable table = parse_subset_table(json_of(R"({"tasks": ["b"], "cost": 0.5, "losses": {"b": 0.25}},
        {"tasks": ["b", "a"], "cost": 2, "losses": {"a": -1, "b": 0.5}, "errors": {"a": 0.5}})"),
                                                 "t.json");
    ASSERT_EQ(table.networks.size(), 2U);
    EXPECT_EQ(table.networks[0].tasks, 0b10U);
    EXPECT_EQ(table.networks[0].losses[1], 0.25);
    EXPECT_TRUE(table.networks[0].variances.empty());
    EXPECT_EQ(table.networks[1].losses[0], -1);
    EXPECT_EQ(table.networks[1].variances, (std::vector<double>{0.25, 0}));
    EXPECT_EQ(missing_subsets(table), 1U);
}

TEST(SubsetTable, TellsWhereInTheJsonSomethingIsWrong) {
    const std::string both = R"({"tasks": ["a", "b"], "cost": 1, "losses": {"a": 1, "b": 1}})";
    refused(json_of(both + "," + both), {"t.txt:/networks/1", "there before"});
    refused(json_of(R"({"tasks": ["a"], "cost": 1, "losses": {"a": 1}})"), {"t.txt", "no network has", "found b"});
    refused(json_of(R"({"tasks": ["c"], "cost": 1, "losses": {"c": 1}})"), {"/networks/0/tasks", "\"c\""});
    refused(json_of(R"({"tasks": ["a", "a"], "cost": 1, "losses": {"a": 1}})"), {"/networks/0/tasks", "once"});
    refused(json_of(R"({"tasks": [], "cost": 1, "losses": {}})"), {"/networks/0/tasks", "without a task"});
    refused(json_of(R"({"tasks": ["a"], "cost": -1, "losses": {"a": 1}})"), {"/networks/0/cost", "-1"});
    refused(json_of(R"({"tasks": ["a"], "cost": 0, "losses": {"a": 1}})"), {"/networks/0/cost", "above 0"});
    refused(json_of(R"({"tasks": ["a"], "cost": 1, "losses": {}})"), {"/networks/0/losses/a", "missing"});
    refused(json_of(R"({"tasks": ["a"], "cost": 1, "losses": {"a": null}})"), {"/networks/0/losses/a", "null"});
    refused(json_of(R"({"tasks": ["a"], "cost": 1, "losses": {"a": 1, "b": 2}})"), {"/networks/0/losses", "b"});
    refused(json_of(R"({"tasks": ["a"], "cost": 1, "losses": {"a": NaN}})"), {"t.txt:1"});
    refused(R"({"schema_version": 1, "tasks": ["a"], "networks": []})", {"/tasks", "2 to 30"});
    refused(R"({"schema_version": 1, "tasks": ["a", "b", "b"], "networks": []})", {"/tasks", "twice"});
    refused(R"({"schema_version": 1, "tasks": ["a", "b"], "networks": []})", {"no network has"});
    expect_error<UsageError>([&] { parse_subset_table(json_of(both), "t.json", {"x", "y"}); }, {"--tasks"});
}

TEST(ReportedLosses, AreThoseOfTheSameNetworks) {
    const SubsetTable table = parse_subset_table("0.5\t0.25\n1\t2\n", "val.txt");
    const ReportedLosses reported = losses_in(table, parse_subset_table("0.75\t0.5\n2\t4\n", "test.txt"));
    const Grouping grouping{{{0, 0b01}, {2, 0b10}}, 1.5, 2.5, 0};
    EXPECT_EQ(reported_loss(grouping, table, reported, {}), 0.75 + 4);
    EXPECT_EQ(reported_loss(grouping, table, reported, {2, 0.5}), 1.5 + 2);
    const ReportedLosses fewer = losses_in(table, parse_subset_table("0.75\t0.5\n", "test.txt"));
    expect_error<DataError>([&] { reported_loss(grouping, table, fewer, {}); },
                            {"test.txt", "missing", "val.txt:2", "task1, task2"});
    expect_error<DataError>([&] { losses_in(table, parse_subset_table("1\t2\t3\n", "test.txt")); },
                            {"test.txt", "other tasks"});
}

} // namespace
} // namespace banyan::test
