#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "image/image_codec.h"
#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

/// Gives the first training set of the config a key.
void set_key(const SmallRun& run, const std::string& key, const json& value) {
    json config = json::parse(read_text(run.config()));
    config["datasets"][0][key] = value;
    run.dir().write("config.json", config.dump());
}

TEST(Check, CountsPicturesBoxesAndStates) {
    const SmallRun run;
    const Outcome text = banyan({"check", run.config()});
    EXPECT_EQ(text.code, 0) << text.err;
    EXPECT_THAT(text.out, AllOf(HasSubstr("reds: 4 pictures"), HasSubstr("blues (validation): 4 pictures"),
                                HasSubstr("no faults found")));
    set_key(run, "absent_without", {{"red", {"blue"}}});
    run.dir().write("reds/states.csv", "image,class,state\n0.jpg,red,partial\n1.jpg,blue,absent\n");
    set_key(run, "image_labels", "states.csv");
    const Outcome outcome = banyan({"check", run.config(), "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json reds = json::parse(outcome.out).at("datasets")[0];
    EXPECT_EQ(reds.at("classes").at("red"),
              json::parse(R"({"boxes": 4, "states": {"exhaustive": 3, "partial": 1, "absent": 0, "unknown": 0}})"));
    EXPECT_EQ(reds.at("classes").at("blue").at("states").at("absent"), 1);
}

TEST(Check, TellsAllFaultsOfTheData) {
    const SmallRun run;
    run.dir().write("reds/states.csv", "image,class,state\n9.jpg,red,partial\n0.jpg,rad,absent\n0.jpg,red,absent\n");
    set_key(run, "image_labels", "states.csv");
    const Outcome outcome = banyan({"check", run.config()});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("3 problems in the data"), HasSubstr("states.csv:2: no picture"),
                                   HasSubstr("did you mean \"red\""), HasSubstr("\"red\" is absent from 0.jpg")));
    const json faults = json::parse(banyan({"check", run.config(), "--json"}).out);
    EXPECT_EQ(faults.at("problems"), 3);
    EXPECT_EQ(faults.at("first").size(), 3U);
}

TEST(Check, DrawsASheetOrAFilePerRow) {
    const SmallRun run;
    const std::string sheet = run.file("sheet.png"), folder = run.file("rows");
    const Outcome one = banyan({"check", run.config(), "--preview", sheet, "--count", "3", "--json"});
    ASSERT_EQ(one.code, 0) << one.err;
    EXPECT_EQ(json::parse(one.out).at("preview")[0], sheet);
    EXPECT_GT(check_image(sheet).height, 300);
    ASSERT_EQ(banyan({"check", run.config(), "--preview", folder, "--count", "3", "--seed", "7"}).code, 0);
    EXPECT_TRUE(std::filesystem::exists(folder + "/002.png"));
    EXPECT_FALSE(std::filesystem::exists(folder + "/003.png"));
    const std::string again = run.file("again.png");
    ASSERT_EQ(banyan({"check", run.config(), "--preview", again, "--count", "3"}).code, 0);
    EXPECT_EQ(read_text(again), read_text(sheet)) << "the same seed gives the same rows";
    EXPECT_EQ(banyan({"check", run.config(), "--preview", run.config() + "/rows"}).code, 5) << "a file is in the way";
}

TEST(Check, ProvesThatIdleBranchesKeepEveryBit) {
    const SmallRun run;
    const Outcome outcome = banyan({"check", "--isolation", run.config(), "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json findings = json::parse(outcome.out).at("isolation");
    ASSERT_EQ(findings.size(), 2U);
    for (const json& finding : findings) {
        EXPECT_GT(finding.at("idle_steps"), 0);
        EXPECT_GT(finding.at("tensors"), 20);
        EXPECT_EQ(finding.at("first_difference"), "");
    }
}

TEST(Check, RefusesWrongOptions) {
    const SmallRun run;
    EXPECT_EQ(banyan({"check"}).code, 2);
    EXPECT_EQ(banyan({"check", run.config(), "--count", "0"}).code, 2);
    EXPECT_EQ(banyan({"check", run.config(), "--tasks", "green"}).code, 2);
    EXPECT_EQ(banyan({"check", run.config(), "--set", "/train/steps=0"}).code, 2);
}

} // namespace
} // namespace banyan::test
