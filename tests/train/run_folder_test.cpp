#include "train/run_folder.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "eval/small_report.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"
#include "train/metrics_log.h"

namespace banyan {
namespace {

using testing::HasSubstr;
using testing::Not;

StepRecord record_of(std::int64_t step) {
    StepRecord record;
    record.step = step;
    record.loss = 0.5 / static_cast<double>(step);
    record.branches["face"] = {1.25, 0.75, 4, 9};
    if (step > 1) record.branches["hand"] = {2.5, 0, 3, 0};
    return record;
}

constexpr StepTiming kTiming{30, 0.25};

TEST(RunFolder, WritesConfigAndEnvironment) {
    const TempDir dir;
    const RunFolder folder(dir.file("runs/a"), "{\"x\": 1}", false);
    EXPECT_EQ(read_file(dir.file("runs/a/config.json")), "{\"x\": 1}\n");
    const std::string environment = read_file(dir.file("runs/a/env.json"));
    for (const char* key : {"torch", "cpu", "cores", "compiler"}) EXPECT_THAT(environment, HasSubstr(key));
    EXPECT_EQ(folder.weights("best"), dir.file("runs/a") + "/weights/best.banyan.safetensors");
    EXPECT_EQ(folder.checkpoint(30), dir.file("runs/a") + "/checkpoint-30/state.safetensors");
}

TEST(RunFolder, IsNotTakenTwice) {
    const TempDir dir;
    const RunFolder first(dir.path(), "{}", false);
    std::filesystem::create_directories(dir.file("weights"));
    expect_error<UsageError>([&] { RunFolder(dir.path(), "{}", false); }, {dir.path(), "--resume"});
}

TEST(RunFolder, StartsAnewWhereNothingWasSaved) {
    const TempDir dir;
    RunFolder(dir.path(), "{\"first\": 1}", false).log_step(record_of(1), kTiming);
    const RunFolder second(dir.path(), "{\"second\": 1}", false);
    EXPECT_THAT(read_file(dir.file("config.json")), HasSubstr("second"));
    EXPECT_EQ(read_file(dir.file("metrics.jsonl")), "");
    EXPECT_EQ(read_file(dir.file("timing.jsonl")), "");
}

TEST(RunFolder, ResumingKeepsMetrics) {
    const TempDir dir;
    RunFolder(dir.path(), "{}", false).log_step(record_of(1), kTiming);
    RunFolder(dir.path(), "{}", true).log_step(record_of(2), kTiming);
    EXPECT_EQ(read_metrics(dir.path()).loss.size(), 2U);
}

TEST(RunFolder, ResumesOnlyARunOfItsConfig) {
    const TempDir dir;
    expect_error<UsageError>([&] { RunFolder(dir.path(), "{}", true); }, {"--resume", "no run in " + dir.path()});
    EXPECT_FALSE(RunFolder::holds_run(dir.path()));
    RunFolder(dir.path(), "{\"first\": 1}", false).log_step(record_of(1), kTiming);
    EXPECT_TRUE(RunFolder::holds_run(dir.path()));
    expect_error<ModelFileError>([&] { RunFolder(dir.path(), "{\"second\": 1}", true); },
                                 {dir.path(), "another config", "config.json"});
    EXPECT_THAT(read_file(dir.file("config.json")), HasSubstr("first"));
    EXPECT_EQ(read_metrics(dir.path()).loss.size(), 1U);
}

TEST(RunFolder, KeepsWhatIsTheSameInEachRunApartFromSpeed) {
    const TempDir dir;
    RunFolder folder(dir.path(), "{}", false);
    folder.log_step(record_of(1), kTiming);
    folder.log_eval(1, test::small_report());
    const std::string metrics = read_file(dir.file("metrics.jsonl")), timing = read_file(dir.file("timing.jsonl"));
    for (const char* word : {"second", "wait", "1.5"}) EXPECT_THAT(metrics, Not(HasSubstr(word)));
    EXPECT_EQ(timing, "{\"step\":1,\"images_per_second\":30.0,\"data_wait_share\":0.25}\n"
                      "{\"step\":1,\"eval_seconds\":1.5}\n");
}

TEST(RunFolder, RewindsItsLogsToAStep) {
    const TempDir dir;
    RunFolder folder(dir.path(), "{}", false);
    for (std::int64_t step = 1; step <= 4; ++step) {
        folder.log_step(record_of(step), kTiming);
        if (step == 2) folder.log_eval(2, test::small_report());
    }
    const std::string all = read_file(dir.file("metrics.jsonl"));
    dir.write("metrics.jsonl", all + "{\"step\": 2, \"lo"); // the process was killed while it wrote
    folder.rewind(2, 2);
    const std::string kept = read_file(dir.file("metrics.jsonl"));
    EXPECT_TRUE(all.starts_with(kept));
    const MetricsLog log = read_metrics(dir.path());
    ASSERT_EQ(log.loss.size(), 2U);
    EXPECT_EQ(log.loss[1].x, 2);
    EXPECT_EQ(log.images_per_second.size(), 2U);
    EXPECT_EQ(log.ap50.at("face").size(), 1U);
}

TEST(RunFolder, RewindingDropsAnEvaluationThatTheCheckpointDoesNotKnow) {
    const TempDir dir;
    RunFolder folder(dir.path(), "{}", false);
    folder.log_step(record_of(1), kTiming);
    folder.log_step(record_of(2), kTiming);
    folder.log_eval(2, test::small_report()); // the checkpoint of step 2 was written before, on a signal
    folder.rewind(2, 0);
    const MetricsLog log = read_metrics(dir.path());
    EXPECT_EQ(log.loss.size(), 2U);
    EXPECT_TRUE(log.ap50.empty());
}

TEST(RunFolder, RewindingTakesTheBestWeightsOfTheCheckpoint) {
    const TempDir dir;
    RunFolder folder(dir.path(), "{}", false);
    write_file_atomically(folder.weights("best"), "of step 2");
    folder.keep_best_weights(3);
    write_file_atomically(folder.weights("best"), "of step 4");
    for (int repeat = 0; repeat < 2; ++repeat) {
        folder.rewind(3, 2);
        EXPECT_EQ(read_file(folder.weights("best")), "of step 2");
    }
    folder.keep_best_weights(3); // the same file by another name
    write_file_atomically(folder.weights("best"), "of step 4");
    folder.rewind(3, 2);
    EXPECT_EQ(read_file(folder.weights("best")), "of step 2");
    folder.rewind(1, 0); // no evaluation yet
    EXPECT_FALSE(std::filesystem::exists(folder.weights("best")));
}

TEST(RunFolder, RewindingRemovesOtherCheckpoints) {
    const TempDir dir;
    RunFolder folder(dir.path(), "{}", false);
    for (const char* name : {"checkpoint-5", "checkpoint-10", "checkpoint-15"}) { // of 15 no state was written
        std::filesystem::create_directories(dir.file(name));
    }
    folder.rewind(10, 0);
    EXPECT_TRUE(std::filesystem::exists(dir.file("checkpoint-10")));
    EXPECT_FALSE(std::filesystem::exists(dir.file("checkpoint-5")));
    EXPECT_FALSE(std::filesystem::exists(dir.file("checkpoint-15")));
}

TEST(RunFolder, RewindingRemovesHalfWrittenFiles) {
    const TempDir dir;
    RunFolder folder(dir.path(), "{}", false);
    const std::vector<std::string> half{"metrics.jsonl.tmp.7.0", "weights/last.banyan.safetensors.tmp.7.1",
                                        "checkpoint-3/state.safetensors.tmp.7.2"};
    for (const std::string& name : half) dir.write(name, "half");
    dir.write("weights/last.banyan.safetensors", "whole");
    folder.rewind(3, 0);
    for (const std::string& name : half) EXPECT_FALSE(std::filesystem::exists(dir.file(name))) << name;
    EXPECT_EQ(read_file(folder.weights("last")), "whole");
}

TEST(RunFolder, KeepsTheNewestCheckpointOnly) {
    const TempDir dir;
    const RunFolder folder(dir.path(), "{}", false);
    for (const char* name : {"checkpoint-5", "checkpoint-50", "checkpoint-55", "weights"}) {
        std::filesystem::create_directories(dir.file(name));
    }
    folder.keep_newest_checkpoint(50);
    EXPECT_TRUE(std::filesystem::exists(dir.file("checkpoint-50")));
    EXPECT_TRUE(std::filesystem::exists(dir.file("weights")));
    EXPECT_FALSE(std::filesystem::exists(dir.file("checkpoint-5")));
    EXPECT_FALSE(std::filesystem::exists(dir.file("checkpoint-55")));
}

TEST(MetricsLog, ReadsWhatARunWrote) {
    const TempDir dir;
    RunFolder folder(dir.path(), "{}", false);
    for (std::int64_t step = 1; step <= 2; ++step) folder.log_step(record_of(step), kTiming);
    folder.log_eval(2, test::small_report());
    const MetricsLog log = read_metrics(dir.path());
    ASSERT_EQ(log.loss.size(), 2U);
    EXPECT_EQ(log.loss[0].x, 1);
    EXPECT_EQ(log.loss[1].y, 0.25);
    ASSERT_EQ(log.images_per_second.size(), 2U);
    EXPECT_EQ(log.images_per_second[1].x, 2);
    EXPECT_EQ(log.images_per_second[1].y, 30);
    EXPECT_EQ(log.class_loss.at("face").size(), 2U);
    ASSERT_EQ(log.box_loss.at("hand").size(), 1U); // idle branches are in no line
    EXPECT_EQ(log.class_loss.at("hand")[0].x, 2);
    EXPECT_EQ(log.ap50.at("hand")[0].y, 0.75);
    EXPECT_EQ(log.ap.at("face")[0].x, 2);
}

TEST(MetricsLog, RefusesOtherLines) {
    const TempDir dir;
    for (const char* name : {"metrics.jsonl", "timing.jsonl"}) {
        dir.write("metrics.jsonl", "");
        dir.write("timing.jsonl", "");
        for (const char* line : {"not JSON", "[1]", "{\"loss\": 1}", "{\"step\": \"one\"}"}) {
            const std::string path = dir.write(name, std::string(line) + "\n");
            expect_error<DataError>([&] { read_metrics(dir.path()); }, {path + ":1", "not a line of metrics"});
        }
    }
    expect_error<IoError>([&] { read_metrics(dir.file("none")); }, {"none"});
}

} // namespace
} // namespace banyan
