#include <csignal>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Train, WritesAModelThatOtherCommandsUse) {
    const SmallRun run;
    const Outcome trained =
        banyan({"train", run.config(), "--out", run.out(), "--json", "--set", "/train/precision=\"fp32\""});
    ASSERT_EQ(trained.code, 0) << trained.err;
    const json report = json::parse(trained.out);
    EXPECT_TRUE(report.at("tasks").contains("red"));
    EXPECT_TRUE(report.at("tasks").contains("blue"));
    EXPECT_EQ(run.metrics().front().at("step"), 1);
    EXPECT_THAT(run.checkpoints(), ElementsAre(3));

    const Outcome judged =
        banyan({"eval", "--model", run.model(), "--data", run.config(), "--split", "validation", "--json", "--fp32"});
    ASSERT_EQ(judged.code, 0) << judged.err;
    // The saved model is the one that was judged, but the engine rounds in another order: a score may pass a threshold.
    for (const char* task : {"red", "blue"}) {
        const json &expected = report.at("tasks").at(task), found = json::parse(judged.out).at("tasks").at(task);
        EXPECT_EQ(found.at("images"), expected.at("images"));
        EXPECT_NEAR(found.at("ap").get<double>(), expected.at("ap").get<double>(), 0.01);
        const json &a = found.at("classes").at(task), &b = expected.at("classes").at(task);
        EXPECT_EQ(a.at("boxes"), b.at("boxes"));
        EXPECT_NEAR(a.at("unjudged_detections").get<int>(), b.at("unjudged_detections").get<int>(), 2);
    }

    const Outcome explained = banyan({"explain", run.model(), "--json"});
    ASSERT_EQ(explained.code, 0) << explained.err;
    EXPECT_EQ(json::parse(explained.out).at("facts").at("step"), "3");
}

TEST(Train, RefusesAFolderThatHoldsARun) {
    const SmallRun run;
    ASSERT_EQ(banyan({"train", run.config(), "--out", run.out()}).code, 0);
    const Outcome again = banyan({"train", run.config(), "--out", run.out()});
    EXPECT_EQ(again.code, 2);
    EXPECT_THAT(again.err, HasSubstr("--resume"));
}

TEST(Train, NamesTheDataSetThatIsMissing) {
    const SmallRun run;
    std::filesystem::remove_all(run.file("blues"));
    const Outcome outcome = banyan({"train", run.config(), "--out", run.out()});
    EXPECT_EQ(outcome.code, 5) << outcome.err; // a path that does not exist
    EXPECT_THAT(outcome.err, HasSubstr("blues"));
}

TEST(Train, NamesThePictureThatIsCutOff) {
    const SmallRun run;
    const std::string bytes = read_text(run.picture(2));
    run.dir().write("reds/2.jpg", bytes.substr(0, bytes.size() / 2));
    const Outcome outcome = banyan({"train", run.config(), "--out", run.out()});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, HasSubstr("2.jpg"));
}

TEST(Train, NamesThePretrainedWeightsThatAreMissing) {
    const SmallRun run;
    run.write_config({{"pretrained", "nowhere.safetensors"}});
    const Outcome outcome = banyan({"train", run.config(), "--out", run.out()});
    EXPECT_EQ(outcome.code, 5) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("nowhere.safetensors"));
}

/// Starts or resumes a run without end, and stops it behind step `after` by a signal.
Outcome stop_run(const SmallRun& run, int after, int signal, bool resume) {
    std::vector<std::string> words{"train", run.config(), "--out", run.out()};
    if (resume) words.emplace_back("--resume");
    Process process(words);
    const bool started = process.wait_until([&] {
        const std::vector<json> lines = run.metrics();
        return !lines.empty() && lines.back().at("step").get<int>() > after;
    });
    EXPECT_TRUE(started) << "no step was logged";
    process.signal(signal);
    return process.wait();
}

TEST(Train, WritesACheckpointOnASignalAndGoesOnFromIt) {
    const SmallRun run;
    run.write_config({{"steps", 1'000'000}});
    const Outcome first = stop_run(run, 0, SIGINT, false);
    EXPECT_EQ(first.code, 130) << first.err;
    EXPECT_THAT(first.err, HasSubstr("--resume"));
    ASSERT_EQ(run.checkpoints().size(), 1U);
    const int step = run.checkpoints()[0];
    EXPECT_GE(step, 1);
    EXPECT_TRUE(std::filesystem::exists(run.model()));

    const Outcome second = stop_run(run, step, SIGTERM, true);
    EXPECT_EQ(second.code, 143) << second.err;
    EXPECT_THAT(second.err, HasSubstr("at step " + std::to_string(step)));
    ASSERT_EQ(run.checkpoints().size(), 1U);
    EXPECT_GT(run.checkpoints()[0], step);
    int expected = 0;
    for (const json& line : run.metrics()) {
        if (!line.contains("loss")) continue;
        EXPECT_EQ(line.at("step"), ++expected) << "each step is logged once";
    }
}

TEST(Train, RefusesToResumeWithAnotherConfig) {
    const SmallRun run;
    ASSERT_EQ(banyan({"train", run.config(), "--out", run.out()}).code, 0);
    run.write_config({{"lr", 0.5}});
    const Outcome outcome = banyan({"train", run.config(), "--out", run.out(), "--resume"});
    EXPECT_EQ(outcome.code, 4) << outcome.err;
}

TEST(Train, KeepsTheOldCheckpointWhenTheDiskIsFull) {
    const SmallRun run;
    run.write_config({{"steps", 1'000'000}});
    ASSERT_EQ(stop_run(run, 0, SIGINT, false).code, 130);
    const int step = run.checkpoints().at(0);
    const std::string weights = read_text(run.model());

    Process process({"train", run.config(), "--out", run.out(), "--resume"}, {.file_limit_bytes = 64 * 1024});
    EXPECT_TRUE(process.wait_until([&] { return run.metrics().back().at("step").get<int>() > step; }));
    process.signal(SIGINT);
    const Outcome full = process.wait();
    EXPECT_EQ(full.code, 5) << full.err;
    EXPECT_THAT(full.err, HasSubstr("error: "));
    EXPECT_THAT(run.checkpoints(), testing::Contains(step));
    EXPECT_EQ(read_text(run.model()), weights);

    EXPECT_EQ(stop_run(run, step, SIGINT, true).code, 130) << "the run goes on once there is room";
}

} // namespace
} // namespace banyan::test
