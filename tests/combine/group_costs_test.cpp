#include "combine/group_costs.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

std::string file_of(const std::string& groups) {
    return R"({"schema_version": 1, "unit": "ms", "trunk": 5, "groups": [)" + groups + "]}";
}

TEST(GroupCosts, ComeBackFromTheirFile) {
    GroupCosts costs{5.5, 0.01, 100, 2000, "2 threads", {}};
    costs.groups.push_back({{"face"}, 1.25, 0.02, 10, 20});
    costs.groups.push_back({{"hand", "face"}, 1.5, 0, 11, 21});
    const TempDir dir;
    const GroupCosts back = load_group_costs(dir.write("costs.json", group_costs_json(costs)));
    EXPECT_EQ(back.trunk_ms, 5.5);
    EXPECT_EQ(back.trunk_error_ms, 0.01);
    EXPECT_EQ(back.trunk_macs, 100);
    EXPECT_EQ(back.trunk_bytes, 2000);
    EXPECT_EQ(back.target, "2 threads");
    ASSERT_EQ(back.groups.size(), 2U);
    EXPECT_EQ(back.groups[1].tasks, costs.groups[1].tasks);
    EXPECT_EQ(back.groups[0].error_ms, 0.02);
    EXPECT_EQ(back.groups[0].macs, 10);
    EXPECT_EQ(back.groups[1].bytes, 21);
}

TEST(GroupCosts, AreFoundInAnyOrderOfTheTasks) {
    const GroupCosts costs{0, 0, 0, 0, "", {{{"a", "b"}, 1}, {{"a"}, 2}}};
    ASSERT_NE(costs.find({"b", "a"}), nullptr);
    EXPECT_EQ(costs.find({"b", "a"})->latency_ms, 1);
    EXPECT_EQ(costs.find({"b"}), nullptr);
    EXPECT_EQ(costs.find({"a", "a"}), nullptr);
}

TEST(GroupCosts, RefuseWhatIsNoMeasurement) {
    const TempDir dir;
    const auto refused = [&](const std::string& text, const std::vector<std::string>& words) {
        const std::string path = dir.write("costs.json", text);
        expect_error<DataError>([&] { load_group_costs(path); }, words);
    };
    refused(file_of(""), {"costs.json:/groups", "no group"});
    refused(file_of(R"({"tasks": [], "latency_ms": 1})"), {"/groups/0/tasks", "found none"});
    refused(file_of(R"({"tasks": ["a", "a"], "latency_ms": 1})"), {"/groups/0/tasks", "twice"});
    refused(file_of(R"({"tasks": ["a"], "latency_ms": 0})"), {"/groups/0/latency_ms", "above 0"});
    refused(file_of(R"({"tasks": ["a"], "latency_ms": -1})"), {"/groups/0/latency_ms", "-1"});
    refused(file_of(R"({"tasks": ["a"], "latency_ms": NaN})"), {"costs.json:1"});
    refused(file_of(R"({"tasks": ["a"], "latency_ms": 1, "colour": 2})"), {"/groups/0", "colour"});
    refused(file_of(R"({"tasks": ["a", "b"], "latency_ms": 1}, {"tasks": ["b", "a"], "latency_ms": 1})"),
            {"/groups/1/tasks", "given before"});
    refused(R"({"schema_version": 1, "unit": "s", "trunk": 5, "groups": []})", {"/unit", "\"s\""});
    expect_error<IoError>([&] { load_group_costs(dir.file("none.json")); }, {"none.json"});
}

} // namespace
} // namespace banyan::test
