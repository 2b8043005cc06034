#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// One line on stderr that begins as all errors do, nothing on stdout.
void expect_refused(const Outcome& outcome, int code, const std::string& words) {
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(StartsWith("banyan: error: "), HasSubstr(words)));
    EXPECT_EQ(lines_of(outcome.err), 1U) << outcome.err;
    EXPECT_THAT(outcome.out, IsEmpty());
}

TEST(CommandLine, PrintsItsVersion) {
    const Outcome outcome = banyan({"--version"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, testing::MatchesRegex("banyan [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(CommandLine, AnswersWithoutLoadingLibTorch) {
    double best_ms = 1e9;
    for (int i = 0; i < 10; ++i) {
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(banyan({"--help"}).code, 0);
        best_ms = std::min(best_ms,
                           std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    EXPECT_LE(best_ms, 50);
}

TEST(CommandLine, HelpsWithEveryCommand) {
    const Outcome help = banyan({"--help"});
    EXPECT_EQ(help.code, 0);
    for (const std::string command : {"train", "eval", "detect", "explain", "env", "demo"}) {
        EXPECT_THAT(help.out, HasSubstr("  " + command + " "));
        const Outcome outcome = banyan({command, "--help"});
        EXPECT_EQ(outcome.code, 0) << command;
        EXPECT_THAT(outcome.out, AllOf(StartsWith("usage: banyan " + command), HasSubstr("--help")));
        EXPECT_THAT(outcome.err, IsEmpty());
    }
}

TEST(CommandLine, ShowsTheHelpAndFailsWithoutACommand) {
    const Outcome outcome = banyan({});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.out, HasSubstr("usage: banyan COMMAND"));
}

TEST(CommandLine, SuggestsTheCommandThatWasMeant) {
    expect_refused(banyan({"detcet"}), 2, "did you mean \"detect\"");
    expect_refused(banyan({"frobnicate"}), 2, "see `banyan --help`");
}

TEST(CommandLine, SuggestsTheOptionThatWasMeant) {
    expect_refused(banyan({"detect", "--modle", "m"}), 2, "did you mean \"--model\"");
    expect_refused(banyan({"train", "c.json", "--out", "x", "--resum"}), 2, "did you mean \"--resume\"");
}

TEST(CommandLine, RefusesMissingAndMisshapenValues) {
    expect_refused(banyan({"train", "c.json"}), 2, "--out");
    expect_refused(banyan({"detect", "--out", "x", "a.jpg"}), 2, "--model");
    expect_refused(banyan({"detect", "--model", "m", "--out", "x"}), 2, "paths");
    expect_refused(banyan({"detect", "--model", "m", "--out", "x", "--side", "wide", "a.jpg"}), 2, "wide");
    expect_refused(banyan({"train", "a.json", "b.json", "--out", "x"}), 2, "too many words");
}

TEST(CommandLine, RefusesDevicesThatAreNotThere) {
    for (const std::string device : {"gpu", "cuda:", "cuda:x", "CUDA"}) {
        expect_refused(banyan({"bench", "m", "--device", device}), 2, "expected cpu, cuda or cuda:N");
    }
    const bool has_torch = std::filesystem::exists(BANYAN_BINARY_DIR "/bin/banyan-train");
    expect_refused(banyan({"bench", "m", "--device", "cuda:999"}), has_torch ? 2 : 5,
                   has_torch ? "device cuda:999" : "banyan-train: cannot be started");
    expect_refused(banyan({"eval", "--ground-truth", "a", "--predictions", "b", "--device", "cpu"}), 2, "--device");
}

TEST(Train, NamesTheConfigKeyThatWasMeant) {
    const SmallRun run;
    run.write_config({{"stepz", 3}});
    expect_refused(banyan({"train", run.config(), "--out", run.out()}), 2, "/train/stepz: unknown key");
    run.write_config({{"steps", -1}});
    expect_refused(banyan({"train", run.config(), "--out", run.out()}), 2, "/train/steps");
    expect_refused(banyan({"train", run.config(), "--set", "/train/steps", "--out", run.out()}), 2, "/train/steps");
}

TEST(Train, NamesTheTaskThatIsUnknown) {
    const SmallRun run;
    expect_refused(banyan({"train", run.config(), "--tasks", "green", "--out", run.out()}), 2,
                   "unknown task \"green\"");
}

TEST(Env, TellsWhatDecidesSpeed) {
    const Outcome outcome = banyan({"env", "--json"}, {.environment = {"BANYAN_DATA=/some/where"}});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const nlohmann::json facts = nlohmann::json::parse(outcome.out);
    for (const char* key : {"banyan", "torch", "onednn", "opencv", "compiler", "cpu"}) {
        EXPECT_THAT(facts.at(key).get<std::string>(), Not(IsEmpty())) << key;
    }
    EXPECT_EQ(facts.at("openmp").size(), 1U) << "two OpenMP libraries fight for the cores: " << facts.at("openmp");
    EXPECT_GE(facts.at("threads").get<int>(), 1);
    EXPECT_TRUE(facts.at("bf16").is_boolean());
    EXPECT_EQ(facts.at("variables").at("BANYAN_DATA"), "/some/where");
    EXPECT_THAT(banyan({"env"}).out, HasSubstr("torch"));
}

} // namespace
} // namespace banyan::test
