#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/random.h"
#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::vector<std::string> measure_words(const SmallRun& run, const std::string& out) {
    return {"merge", "measure", run.config(), "--out", run.file(out), "--every", "2", "--rows", "2", "--threads", "1"};
}

Outcome measure(const SmallRun& run, const std::string& out, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = measure_words(run, out);
    words.insert(words.end(), more.begin(), more.end());
    return banyan(words, {.environment = {"OMP_NUM_THREADS=1"}});
}

/// Starts or resumes a measurement and kills it a random while after its next probe or file. @return its exit code
int run_and_kill(const SmallRun& run, Random& random) {
    const std::string folder = run.file("stopped"), log = folder + "/run/affinity.jsonl";
    std::vector<std::string> words = measure_words(run, "stopped");
    words.emplace_back("--resume");
    const std::string before = read_text(log);
    Process process(words, {.environment = {"OMP_NUM_THREADS=1"}});
    const bool is_at_costs = std::filesystem::exists(folder + "/affinities.json");
    process.wait_until([&] { return is_at_costs || read_text(log) != before; });
    usleep(static_cast<useconds_t>(random.integer(0, 100'000)));
    process.signal(random.chance(0.7) ? SIGKILL : SIGTERM);
    const int code = process.wait().code;
    EXPECT_TRUE(code == 0 || code == 137 || code == 143) << code;
    return code;
}

TEST(MergeMeasure, EndsWithTheBytesOfAMeasurementThatWasNotStopped) {
    const SmallRun run;
    run.write_config({{"steps", 24}, {"checkpoint_every", 4}});
    const Outcome whole = measure(run, "whole", {"--json"});
    ASSERT_EQ(whole.code, 0) << whole.err;

    Random random(5);
    int kills = 0;
    while (kills < 12 && run_and_kill(run, random) != 0) ++kills;
    EXPECT_GE(kills, 3);
    const Outcome last = measure(run, "stopped", {"--resume", "--json"});
    ASSERT_EQ(last.code, 0) << last.err;
    for (const char* name : {"/run/affinity.jsonl", "/run/metrics.jsonl", "/affinities.json",
                             "/unmerged.banyan.safetensors", "/run/weights/last.banyan.safetensors"}) {
        EXPECT_TRUE(read_text(run.file("stopped") + name) == read_text(run.file("whole") + name)) << name;
    }
    EXPECT_EQ(json::parse(last.out).at("affinities"), json::parse(whole.out).at("affinities"));
}

TEST(MergeMeasure, TellsAffinitiesAndCostsInOneLineOfJson) {
    const SmallRun run;
    run.write_config({{"steps", 4}});
    const Outcome outcome = measure(run, "out", {"--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result.at("affinities").at("tasks"), json({"red", "blue"}));
    EXPECT_EQ(result.at("affinities").at("step"), 4);
    EXPECT_EQ(result.at("affinities").at("matrices").size(), 10U);
    const json costs = result.at("costs");
    EXPECT_GT(costs.at("trunk").get<double>(), 0);
    ASSERT_EQ(costs.at("groups").size(), 3U);
    EXPECT_EQ(costs.at("groups")[2].at("tasks"), json({"red", "blue"}));
    EXPECT_THAT(costs.at("target").get<std::string>(), testing::AllOf(HasSubstr("1 thread"), HasSubstr("64 px")));
    for (const json& network : result.at("networks")) EXPECT_EQ(network.at("rounds"), 40);
    EXPECT_THAT(read_text(run.file("out/affinity.html")), HasSubstr("Look-ahead affinity"));

    const Outcome table = measure(run, "out", {"--resume"});
    EXPECT_EQ(table.code, 0) << table.err;
    EXPECT_THAT(table.out, testing::AllOf(HasSubstr("Look-ahead affinity"), HasSubstr("red+blue"), HasSubstr("trunk")));
}

TEST(MergeMeasure, ProbesTheModelOfARunWithoutTrainingIt) {
    const SmallRun run;
    ASSERT_EQ(banyan({"train", run.config(), "--out", run.out()}).code, 0);
    const std::string weights = read_text(run.model());
    const Outcome outcome = measure(run, "out", {"--run", run.out(), "--probes", "2", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(read_text(run.file("out/unmerged.banyan.safetensors")) == weights);
    EXPECT_FALSE(std::filesystem::exists(run.file("out/run")));
    EXPECT_EQ(json::parse(outcome.out).at("affinities").at("matrices")[0].at("count")[0][1], 2);
}

TEST(MergeMeasure, RefusesWhatCannotBeMeasured) {
    const SmallRun run;
    const auto refused = [&](const std::vector<std::string>& more, const std::string& word) {
        const Outcome outcome = measure(run, "out", more);
        EXPECT_EQ(outcome.code, 2) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr(word));
    };
    refused({"--tasks", "red"}, "two tasks");
    refused({"--steps", "1"}, "--every");
    refused({"--rounds", "10"}, "--rounds");
    refused({"--boxes", "round"}, "--boxes");
    refused({"--run", "a", "--model", "b"}, "not both");
    refused({"--model", "b", "--steps", "5"}, "--probes");
    EXPECT_FALSE(std::filesystem::exists(run.file("out/run")));
    EXPECT_EQ(measure(run, "out", {"--model", run.file("none.safetensors")}).code, 5);
}

} // namespace
} // namespace banyan::test
