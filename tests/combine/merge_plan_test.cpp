#include "combine/merge_plan.h"

#include <fstream>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

const std::vector<Task> kTasks{{"person", {"person"}}, {"head", {"head"}}, {"hand", {"hand"}}};

TEST(MergePlan, HasOneOrderWhateverTheUserWrote) {
    const MergePlan plan = checked_plan({{{"hand"}, {"head", "person"}}}, kTasks, "--plan");
    EXPECT_EQ(plan, (MergePlan{{{"person", "head"}, {"hand"}}}));
    EXPECT_EQ(plan_text(plan), "person+head | hand");
    EXPECT_EQ(plan_from_text(" person + head|hand", "--plan"), plan);
}

TEST(MergePlan, TellsAllThatIsWrongAtOnce) {
    expect_error<UsageError>(
        [] {
            checked_plan({{{"head", "head"}, {"foot"}, {}}}, kTasks, "--plan");
        },
        {"--plan", "empty group", "\"foot\" is no task", "\"head\" is there 2 times", "\"person\" is missing",
         "\"hand\" is missing"});
    expect_error<UsageError>([] { plan_from_text("person+|hand", "--plan"); }, {"--plan", "person+|hand"});
}

TEST(MergePlan, ComesBackFromItsFile) {
    const TempDir folder;
    const MergePlan plan{{{"person", "head"}, {"hand"}}};
    std::ofstream(folder.path() + "/plan.json") << plan_json(plan);
    EXPECT_EQ(load_plan(folder.path() + "/plan.json"), plan);
}

TEST(MergePlan, ReadsTheGroupsOfASearchResult) {
    const TempDir folder;
    std::ofstream(folder.path() + "/plan.json") << R"({"groups": [{"tasks": ["head"], "serves": ["head"]}, ["hand"]]})";
    EXPECT_EQ(load_plan(folder.path() + "/plan.json"), (MergePlan{{{"head"}, {"hand"}}}));
}

TEST(MergePlan, RefusesFilesOfOtherShape) {
    const TempDir folder;
    const std::string path = folder.path() + "/plan.json";
    std::ofstream(path) << R"({"groups": [["head"], [3]]})";
    expect_error<ConfigError>([&] { load_plan(path); }, {"plan.json:/groups/1", "[3]"});
    std::ofstream(path) << R"({"group": []})";
    expect_error<ConfigError>([&] { load_plan(path); }, {"plan.json", "\"groups\""});
    std::ofstream(path) << R"({"schema_version": 2, "groups": []})";
    expect_error<ConfigError>([&] { load_plan(path); }, {"/schema_version", "update banyan"});
}

} // namespace
} // namespace banyan::test
