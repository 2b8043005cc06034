#include <algorithm>
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

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

/// A config of three tasks: "crimson" are the squares of "red" once more.
class MergeAutoCommand : public testing::Test {
protected:
    MergeAutoCommand() {
        run_.write_config({{"steps", 30}, {"lr", 0.01}, {"ema_decay", 0.9}, {"threads", 1}, {"checkpoint_every", 10}});
        json config = json::parse(read_text(run_.config()));
        config["tasks"].push_back({{"name", "crimson"}});
        json branch = config["model"]["branches"][0];
        branch["name"] = "crimson";
        config["model"]["branches"].push_back(branch);
        for (const char* list : {"datasets", "validation"}) {
            json crimsons = config[list][0];
            crimsons["name"] = "crimsons";
            crimsons["classes"] = {{"red", "crimson"}};
            config[list].push_back(crimsons);
        }
        run_.dir().write("config.json", config.dump(2));
    }

    std::vector<std::string> words(const std::string& out, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"merge",
                                       "auto",
                                       run_.config(),
                                       "--out",
                                       run_.file(out),
                                       "--every",
                                       "15",
                                       "--rows",
                                       "2",
                                       "--threads",
                                       "1",
                                       "--images",
                                       "2",
                                       "--seeds",
                                       "1",
                                       "--heal-steps",
                                       "4",
                                       "--candidates",
                                       "2",
                                       "--max-drop",
                                       "100"};
        if (std::find(more.begin(), more.end(), "--budget") == more.end()) {
            words.insert(words.end(), {"--budget", "branches=2"});
        }
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    static Outcome run(const std::vector<std::string>& words) {
        return banyan(words, {.environment = {"OMP_NUM_THREADS=1"}});
    }
    /// Result without what a clock measured.
    static json without_clock(json result) {
        for (const char* key : {"latency_ms", "front"}) result.erase(key);
        for (json& tried : result["tried"]) {
            for (const char* key : {"cost", "cost_deviation"}) tried["predicted"].erase(key);
            for (const char* key : {"latency_ms", "latency_error_ms"}) tried.erase(key);
        }
        return result;
    }
    /// Starts or resumes and kills it once the file is there. @return its exit code
    int run_and_kill(const std::string& file, Random& random) const {
        Process process(words("out", {"--resume"}), {.environment = {"OMP_NUM_THREADS=1"}});
        process.wait_until([&] { return fs::exists(run_.file("out") + "/" + file); });
        usleep(static_cast<useconds_t>(random.integer(0, 200'000)));
        process.signal(random.chance(0.7) ? SIGKILL : SIGTERM);
        return process.wait().code;
    }

    SmallRun run_;
};

TEST_F(MergeAutoCommand, EndsWithTheSameNetworkAfterKillsInEveryStage) {
    const Outcome whole = run(words("out", {"--json"}));
    ASSERT_EQ(whole.code, 0) << whole.err;
    const json result = json::parse(whole.out);
    EXPECT_EQ(whole.out, read_text(run_.file("out/result.json")));
    EXPECT_EQ(result.at("accepted"), true);
    EXPECT_LE(result.at("plan").size(), 2U);
    EXPECT_EQ(result.at("tasks").size(), 3U);
    EXPECT_EQ(result.at("tasks").at("crimson").at("difference").size(), 3U);
    EXPECT_GT(result.at("latency_ms").at("after").get<double>(), 0);
    EXPECT_LT(result.at("parameters").at("after"), result.at("parameters").at("before"));
    EXPECT_EQ(result.at("tried").size(), 2U);
    EXPECT_THAT(whole.err, HasSubstr("stage 6 of 6"));
    EXPECT_THAT(read_text(run_.file("out/merge-report.html")), HasSubstr("Accuracy against latency"));
    for (const char* key : {"unmerged", "merged", "plan"}) EXPECT_TRUE(fs::exists(result.at("files").at(key))) << key;

    const auto healed = fs::last_write_time(run_.file("out/confirm/candidate-1/seed-1/metrics.jsonl"));
    const Outcome again = run(words("out", {"--json", "--resume"}));
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(again.out, whole.out);
    EXPECT_EQ(fs::last_write_time(run_.file("out/confirm/candidate-1/seed-1/metrics.jsonl")), healed);

    fs::rename(run_.file("out"), run_.file("whole")); // the files hold paths: the second run has the same
    Random random(3);
    for (const char* file : {"run/metrics.jsonl", "pairs.jsonl", "candidates/1.banyan.safetensors",
                             "confirm/candidate-1/seed-1/config.json"}) {
        EXPECT_THAT(run_and_kill(file, random), testing::AnyOf(0, 137, 143)) << file;
    }
    const Outcome last = run(words("out", {"--json", "--resume"}));
    ASSERT_EQ(last.code, 0) << last.err;
    EXPECT_EQ(without_clock(json::parse(last.out)), without_clock(result));
    for (const char* name : {"/affinities.json", "/unmerged.banyan.safetensors", "/merged.banyan.safetensors"}) {
        EXPECT_TRUE(read_text(run_.file("out") + name) == read_text(run_.file("whole") + name)) << name;
    }
}

TEST_F(MergeAutoCommand, ABudgetThatNoPlanKeepsIsAGateWithAReport) {
    const std::vector<std::string> budget{"--budget", "latency=0.001ms", "--json", "--pairs", "off"};
    const Outcome outcome = run(words("out", budget));
    EXPECT_EQ(outcome.code, 8) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("no plan keeps it"));
    EXPECT_THAT(outcome.err, HasSubstr("the nearest is"));
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result.at("accepted"), false);
    EXPECT_TRUE(result.at("plan").is_null());
    EXPECT_THAT(read_text(run_.file("out/merge-report.html")), HasSubstr("no plan keeps it"));
    const Outcome other = run(words("out", {"--resume", "--pairs", "off"}));
    EXPECT_EQ(other.code, 2) << other.err;
    EXPECT_THAT(other.err, HasSubstr("budget was"));
}

TEST_F(MergeAutoCommand, RefusesOptionsThatMakeNoSense) {
    EXPECT_THAT(run({"merge", "auto", run_.config(), "--out", run_.file("x")}).err, HasSubstr("budget"));
    EXPECT_EQ(run(words("x", {"--budget", "3"})).code, 2);
    EXPECT_EQ(run(words("x", {"--budget", "branches=0"})).code, 2);
    const Outcome pairs = run(words("x", {"--pairs", "offf"}));
    EXPECT_EQ(pairs.code, 2);
    EXPECT_THAT(pairs.err, HasSubstr("did you mean \"off\"?"));
    const Outcome one = run(words("x", {"--tasks", "red"}));
    EXPECT_EQ(one.code, 2);
    EXPECT_THAT(one.err, HasSubstr("only \"red\""));
    EXPECT_FALSE(fs::exists(run_.file("x/auto.json")));
}

} // namespace
} // namespace banyan::test
