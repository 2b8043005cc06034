#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"
#include "small_run.h"
#include "support/shared_data.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using Texts = std::vector<std::string>;

Outcome merge_plan(const Texts& more) {
    Texts words{"merge", "plan"};
    words.insert(words.end(), more.begin(), more.end());
    return banyan(words);
}

/// Two tasks: half-size networks of losses 4 and 3, full ones of 2 and 2, one for both of 1 and 5.
constexpr const char* kTable = "4\t3\n2\n\t2\n1\t5\n";

class MergePlanCommand : public testing::Test {
protected:
    /// Affinities of three tasks, a and c alike.
    std::string affinities() const {
        const auto square = [](double like, double unlike) {
            return json{{nullptr, unlike, like}, {unlike, nullptr, unlike}, {like, unlike, nullptr}};
        };
        const json matrix{{"key", "transplant_drop"},
                          {"title", ""},
                          {"about", ""},
                          {"symmetric", false},
                          {"mean", square(0.01, 0.1)},
                          {"error", square(0.001, 0.001)},
                          {"count", square(3, 3)}};
        json file{{"schema_version", 1}, {"tasks", {"a", "b", "c"}}, {"step", 10}, {"model", "m"}};
        file["matrices"] = json::array({matrix});
        for (int t = 0; t < 3; ++t) file["matrices"][0]["count"][t][t] = 0;
        return dir_.write("folder/affinities.json", file.dump());
    }

    std::string costs() const {
        json file{{"schema_version", 1}, {"unit", "ms"}, {"trunk", 5}, {"groups", json::array()}};
        for (const Texts& tasks : {Texts{"a"}, {"b"}, {"c"}, {"a", "b"}, {"a", "c"}, {"b", "c"}, {"a", "b", "c"}})
            file["groups"].push_back({{"tasks", tasks}, {"latency_ms", 2}});
        return dir_.write("folder/costs.json", file.dump());
    }

    TempDir dir_;
};

TEST_F(MergePlanCommand, SolvesThePublishedTablesAndReportsOnTheirTests) {
    if (!has_shared_data("data/taskgrouping")) GTEST_SKIP() << "needs data/taskgrouping";
    const std::string folder = shared_path("data/taskgrouping/");
    const Outcome outcome = merge_plan(
        {"--table", folder + "results.txt", "--report-on", folder + "results_test.txt", "--budget", "1.5", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1);
    const auto ordered = nlohmann::ordered_json::parse(outcome.out);
    Texts keys;
    for (const auto& [key, value] : ordered.items()) keys.push_back(key);
    keys.resize(7);
    EXPECT_EQ(keys, (Texts{"groups", "cost", "loss", "reported_loss", "seconds", "optimal", "front"}));
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result.at("cost"), 1.5);
    EXPECT_TRUE(result.at("optimal"));
    EXPECT_LT(result.at("seconds"), 1);
    Texts served;
    for (const json& group : result.at("groups")) {
        for (const json& task : group.at("serves")) {
            served.push_back(task);
            EXPECT_NE(std::find(group.at("tasks").begin(), group.at("tasks").end(), task), group.at("tasks").end());
        }
    }
    std::sort(served.begin(), served.end());
    EXPECT_EQ(served, (Texts{"task1", "task2", "task3", "task4", "task5"}));
    EXPECT_GT(result.at("reported_loss"), 0);
    double cost = 0;
    for (const json& plan : result.at("front")) {
        EXPECT_GT(plan.at("cost"), cost);
        cost = plan.at("cost");
        if (plan.at("cost") == 1.5) {
            EXPECT_EQ(plan.at("loss"), result.at("loss"));
        }
    }
    EXPECT_GT(cost, 3) << "the whole front";
    const Outcome regret = merge_plan({"--table", folder + "results.txt", "--regret", "--json"});
    ASSERT_EQ(regret.code, 0) << regret.err;
    for (const json& row : json::parse(regret.out).at("regret")) {
        EXPECT_GE(row.at("pairs").at("regret"), 0);
        EXPECT_GE(row.at("tag").at("regret"), 0);
    }
}

TEST_F(MergePlanCommand, TakesASmallTable) {
    const std::string table = dir_.write("t.txt", kTable), test = dir_.write("test.txt", "9\t9\n9\n\t7\n8\t9\n");
    const Outcome outcome =
        merge_plan({"--table", table, "--tasks", "depth,edges", "--budget", "2", "--report-on", test, "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result.at("loss"), 3);
    EXPECT_EQ(result.at("reported_loss"), 8 + 7);
    EXPECT_EQ(result.at("groups")[0].at("tasks"), (json{"depth", "edges"}));
    EXPECT_EQ(result.at("groups")[0].at("serves"), json{"depth"});
    EXPECT_EQ(result.at("groups")[1].at("serves"), json{"edges"});
    EXPECT_EQ(result.at("missing_subsets"), 0);
    const json apart = json::parse(merge_plan({"--table", table, "--partition", "--json"}).out);
    EXPECT_EQ(apart.at("loss"), 4);
    EXPECT_TRUE(apart.at("reported_loss").is_null());
    const json weighted =
        json::parse(merge_plan({"--table", table, "--weights", "task1=0", "--budget", "1", "--json"}).out);
    EXPECT_EQ(weighted.at("loss"), 3) << "both half-size networks";
    const Outcome text = merge_plan({"--table", table, "--budget", "2"});
    EXPECT_THAT(text.out, HasSubstr("plan within 2: cost 2, loss 3"));
    EXPECT_THAT(text.out, HasSubstr("task1+task2 | task2"));
    EXPECT_THAT(merge_plan({"--table", table, "--regret"}).out, HasSubstr("regret"));
}

TEST_F(MergePlanCommand, PlansTheBranchesOfANetwork) {
    const std::string folder = dir_.file("folder");
    const Outcome outcome =
        merge_plan({"--affinities", affinities(), "--costs", costs(), "--budget", "latency=9ms", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result.at("groups")[0].at("tasks"), (json{"a", "c"}));
    EXPECT_EQ(result.at("cost"), 9);
    EXPECT_NEAR(result.at("loss").get<double>(), 0.02, 1e-9);
    EXPECT_EQ(result.at("unit"), "ms");
    EXPECT_EQ(result.at("ranking")[0].at("groups"), result.at("groups"));
    const Outcome written = merge_plan({"--out", folder, "--budget", "branches=2"});
    ASSERT_EQ(written.code, 0) << written.err;
    EXPECT_THAT(written.out, HasSubstr("a+c | b"));
    EXPECT_EQ(json::parse(read_text(folder + "/plan.json")).at("groups"), (json{{"a", "c"}, {"b"}}));
    EXPECT_EQ(json::parse(read_text(folder + "/plans.json")).at("trunk"), 5);
}

TEST_F(MergePlanCommand, TellsWhatIsWrong) {
    const std::string table = dir_.write("t.txt", kTable);
    const Outcome dear = merge_plan({"--table", table, "--budget", "0.5"});
    EXPECT_EQ(dear.code, 8);
    EXPECT_THAT(dear.err, HasSubstr("the nearest is task1+task2 for 1 with 1 group"));
    const Outcome slow = merge_plan({"--affinities", affinities(), "--costs", costs(), "--budget", "latency=6ms"});
    EXPECT_EQ(slow.code, 8);
    EXPECT_THAT(slow.err, HasSubstr("a+b+c for 7 ms"));
    EXPECT_EQ(merge_plan({}).code, 2);
    EXPECT_EQ(merge_plan({"--table", table, "--affinities", "x"}).code, 2);
    EXPECT_EQ(merge_plan({"--table", table, "--budget", "latency=3ms"}).code, 2);
    EXPECT_EQ(merge_plan({"--table", table, "--budget", "fast"}).code, 2);
    EXPECT_EQ(merge_plan({"--table", table, "--weights", "task3=1"}).code, 2);
    EXPECT_EQ(merge_plan({"--table", table, "--weights", "task1=-1"}).code, 2);
    EXPECT_EQ(merge_plan({"--table", table, "--estimate", "guess"}).code, 2);
    EXPECT_EQ(merge_plan({"--table", table, "--tasks", "a"}).code, 2);
    EXPECT_EQ(merge_plan({"--affinities", affinities(), "--budget", "latency=9ms"}).code, 2);
    EXPECT_EQ(merge_plan({"--affinities", affinities(), "--accuracies", "a=2"}).code, 2);
    const Outcome nan = merge_plan({"--table", dir_.write("nan.txt", "1\t2\nnan\t1\n")});
    EXPECT_EQ(nan.code, 3);
    EXPECT_THAT(nan.err, HasSubstr("nan.txt:2, column 1"));
    EXPECT_EQ(merge_plan({"--table", dir_.write("one.txt", "1\n")}).code, 3);
    EXPECT_EQ(merge_plan({"--table", table, "--report-on", dir_.write("three.txt", "1\t2\t3\n")}).code, 3);
    EXPECT_EQ(merge_plan({"--affinities", dir_.write("broken.json", "{")}).code, 3);
    EXPECT_EQ(merge_plan({"--table", dir_.file("none.txt")}).code, 5);
}

} // namespace
} // namespace banyan::test
