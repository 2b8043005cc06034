#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.h"
#include "small_run.h"
#include "tests/graph/onnx_file.h"
#include "tests/support/temp_dir.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Explain, TellsTasksBranchesAndCost) {
    const SmallRun run;
    const Outcome text = banyan({"explain", run.config()});
    ASSERT_EQ(text.code, 0) << text.err;
    EXPECT_THAT(text.out, AllOf(HasSubstr("input 64 x 64"), HasSubstr("branches.red"), HasSubstr("trunk.backbone")));

    const Outcome outcome = banyan({"explain", run.config(), "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json facts = json::parse(outcome.out);
    EXPECT_EQ(facts.at("tasks")[1], (json{{"name", "blue"}, {"classes", {"blue"}}}));
    EXPECT_EQ(facts.at("branches")[0].at("levels"), (json{3, 4, 5}));
    std::int64_t macs = 0;
    for (const auto& [name, cost] : facts.at("parts").items()) macs += cost.at("macs").get<std::int64_t>();
    EXPECT_EQ(macs, facts.at("total").at("macs").get<std::int64_t>());
    EXPECT_GT(macs, 0);
}

TEST(Explain, ShowsThePlanAndWhatWasJoined) {
    const SmallRun run;
    const std::string picture = run.file("fusion.svg");
    const Outcome text = banyan({"explain", run.config(), "--plan", "--fusion", picture, "--threads", "1", "--fp32"});
    ASSERT_EQ(text.code, 0) << text.err;
    EXPECT_THAT(text.out, AllOf(HasSubstr("conv2d+relu6"), HasSubstr("MB in one arena"), HasSubstr("GOP/s")));
    EXPECT_THAT(read_text(picture), HasSubstr("</svg>"));

    const Outcome outcome = banyan({"explain", run.config(), "--plan", "--json", "--tasks", "red", "--fp32"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json plan = json::parse(outcome.out);
    EXPECT_LT(plan.at("arena_bytes"), plan.at("value_bytes"));
    for (const json& step : plan.at("steps")) {
        EXPECT_EQ(step.at("type"), "f32");
        EXPECT_THAT(step.at("name").get<std::string>(), Not(HasSubstr("blue")));
    }
}

TEST(Explain, ShowsNetworksOfOtherProjects) {
    const TempDir dir;
    OnnxFile file({1, 3, 24, 32});
    file.floats("w", {8, 3, 3, 3});
    file.node("Conv", {"image", "w"}, "first");
    file.node("Relu", {"first"}, "out");
    file.output("out", {1, 8, 22, 30});
    const std::string path = dir.write("small.onnx", file.bytes()), picture = dir.file("fusion.svg");
    const Outcome text = banyan({"explain", path, "--graph", "--dot", dir.file("net.dot")});
    ASSERT_EQ(text.code, 0) << text.err;
    EXPECT_THAT(text.out, AllOf(HasSubstr("input 24 x 32"), HasSubstr("out: 8 channels of 22 x 30"),
                                HasSubstr("216 parameters"), HasSubstr("conv 3x3")));
    EXPECT_THAT(read_text(dir.file("net.dot")), HasSubstr("digraph"));
    const json facts = json::parse(banyan({"explain", path, "--json"}).out);
    EXPECT_EQ(facts.at("outputs").at("out").at("order"), "C H W");
    EXPECT_EQ(facts.at("total").at("macs"), 216 * 22 * 30);

    const Outcome plan = banyan({"explain", path, "--plan", "--fusion", picture, "--threads", "1", "--fp32", "--json"});
    ASSERT_EQ(plan.code, 0) << plan.err;
    EXPECT_EQ(json::parse(plan.out).at("steps").back().at("operation"), "conv2d+relu");
    EXPECT_THAT(read_text(picture), HasSubstr("</svg>"));
    const json part = json::parse(banyan({"explain", path, "--outputs", "first", "--json"}).out);
    EXPECT_TRUE(part.at("outputs").contains("first")) << part;
    EXPECT_EQ(banyan({"explain", path, "--tasks", "face"}).code, 2);
    EXPECT_EQ(banyan({"explain", path, "--outputs", "none"}).code, 4);
    EXPECT_EQ(banyan({"explain", dir.file("none.onnx")}).code, 5);
}

TEST(Explain, CutsTheNetworkToTasks) {
    const SmallRun run;
    const Outcome outcome = banyan({"explain", run.config(), "--tasks", "red", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json parts = json::parse(outcome.out).at("parts");
    EXPECT_TRUE(parts.contains("branches.red"));
    EXPECT_FALSE(parts.contains("branches.blue"));
    EXPECT_EQ(banyan({"explain", run.config(), "--tasks", "rad"}).code, 2);
}

TEST(Explain, TellsOutputsPerTask) {
    const SmallRun run;
    const std::string merged =
        R"(/model/branches=[{"name": "both", "tasks": ["red", "blue"], "anchors": {"levels": [3, 4, 5]},)"
        R"( "head": {"boxes": "per_task"}}])";
    const Outcome text = banyan({"explain", run.config(), "--set", merged, "--cost"});
    ASSERT_EQ(text.code, 0) << text.err;
    EXPECT_THAT(text.out, AllOf(HasSubstr("both: tasks red, blue"), HasSubstr("outputs per task"),
                                HasSubstr("branches.both.tower.0"), HasSubstr("branches.both.red.cls")));
    const Outcome blue = banyan({"explain", run.config(), "--set", merged, "--cost", "--tasks", "blue"});
    EXPECT_THAT(blue.out, AllOf(HasSubstr("branches.both.blue.cls"), Not(HasSubstr("branches.both.red."))));
    const json facts = json::parse(banyan({"explain", run.config(), "--set", merged, "--json"}).out);
    EXPECT_EQ(facts.at("branches")[0].at("boxes"), "per_task");
}

TEST(Explain, WritesGraphsAndPictures) {
    const SmallRun run;
    const std::string dot = run.file("net.dot"), svg = run.file("net.svg");
    const Outcome outcome = banyan({"explain", run.config(), "--graph", "--cost", "--dot", dot, "--svg", svg});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("conv 3x3"), HasSubstr("branches.red.tower.0")));
    EXPECT_THAT(read_text(dot), HasSubstr("digraph"));
    EXPECT_THAT(read_text(svg), HasSubstr("<svg"));
}

TEST(Explain, FitsAnchorsToTheDataSets) {
    const SmallRun run;
    const Outcome outcome = banyan({"explain", run.config(), "--anchors"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    // All boxes of a task have one shape, so that there is nothing to fit.
    EXPECT_THAT(outcome.out,
                AllOf(HasSubstr("branch red: 4 boxes"), HasSubstr("the config's anchors"), HasSubstr("too few")));
    const Outcome blue = banyan({"explain", run.config(), "--anchors", "--tasks", "blue"});
    EXPECT_THAT(blue.out, AllOf(HasSubstr("branch blue: 4 boxes"), Not(HasSubstr("branch red:"))));
}

TEST(Explain, RefusesAnchorsOfAModelFile) {
    const SmallRun run;
    ASSERT_EQ(banyan({"train", run.config(), "--out", run.out()}).code, 0);
    const Outcome outcome = banyan({"explain", run.model(), "--anchors"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("--anchors"));
    EXPECT_EQ(banyan({"explain", run.model(), "--set", "/train/lr=1"}).code, 2);
    EXPECT_EQ(banyan({"explain", run.file("none.json")}).code, 5);
}

} // namespace
} // namespace banyan::test
