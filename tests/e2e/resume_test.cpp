#include <array>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>
#include <string>

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

/// When and how a run is stopped.
struct Stop {
    int steps = 0;         ///< logged since the stop before
    int delay_us = 0;      ///< then: into the step, evaluation or checkpoint that follows
    int signal = 0;        ///< SIGKILL, SIGTERM or SIGINT
    int kill_after_us = 0; ///< SIGKILL so much after the other signal, perhaps amid its checkpoint; 0: none
};

Stop random_stop(Random& random) {
    constexpr std::array<int, 4> kSignals{SIGKILL, SIGKILL, SIGTERM, SIGINT};
    Stop stop;
    stop.steps = static_cast<int>(random.integer(1, 6));
    stop.delay_us = static_cast<int>(random.integer(0, 60'000));
    stop.signal = kSignals[static_cast<std::size_t>(random.integer(0, 3))];
    if (random.chance(0.3)) stop.kill_after_us = static_cast<int>(random.integer(1, 40'000));
    return stop;
}

int last_step(const std::string& folder) {
    const std::vector<json> lines = read_metrics_lines(folder);
    return lines.empty() ? 0 : lines.back().at("step").get<int>();
}

/// Starts or resumes the run and stops it. @return its exit code; 0 when it ended first
int run_until(const Stop& stop, const SmallRun& run, const std::string& folder, const ProcessOptions& options) {
    std::vector<std::string> words{"train", run.config(), "--out", folder};
    if (fs::exists(folder)) words.emplace_back("--resume");
    // Steps that were lost are logged once more, so a higher step comes from the new process.
    const int target = last_step(folder) + stop.steps;
    Process process(words, options);
    if (process.wait_until([&] { return last_step(folder) >= target; })) {
        usleep(static_cast<useconds_t>(stop.delay_us));
        process.signal(stop.signal);
        if (stop.kill_after_us > 0) {
            usleep(static_cast<useconds_t>(stop.kill_after_us));
            process.signal(SIGKILL);
        }
    }
    const Outcome outcome = process.wait();
    const std::set<int> expected{0, 130, 137, 143};
    EXPECT_TRUE(expected.contains(outcome.code)) << outcome.code << ": " << outcome.err;
    return outcome.code;
}

/// Content of all files by their path in the folder, but of those that tell time or the folder's name.
std::map<std::string, std::string> lasting_files(const std::string& folder) {
    const std::set<std::string> others{"run.log", "timing.jsonl", "report.html", "plots/speed.svg"};
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name = fs::relative(entry.path(), folder).string();
        if (entry.is_regular_file() && !others.contains(name)) files[name] = read_text(entry.path().string());
    }
    return files;
}

void expect_equal_files(const std::string& folder, const std::string& expected_folder) {
    const std::map<std::string, std::string> files = lasting_files(folder), expected = lasting_files(expected_folder);
    for (const char* name : {"metrics.jsonl", "predictions.coco.json", "weights/last.banyan.safetensors",
                             "weights/best.banyan.safetensors", "plots/loss.svg"}) {
        EXPECT_TRUE(expected.contains(name)) << name;
    }
    for (const auto& [name, content] : expected) {
        const auto found = files.find(name);
        if (found == files.end()) {
            ADD_FAILURE() << name << " is missing";
        } else {
            EXPECT_TRUE(found->second == content) << name << " differs";
        }
    }
    for (const auto& [name, content] : files) EXPECT_TRUE(expected.contains(name)) << name << " was left behind";
}

struct ResumeCase {
    int threads = 1, runs = 1, steps = 1;
    int stops = 0; ///< that all runs have at least
    json train = json::object(), transforms = json::object();
};

const ResumeCase kDefaults{.threads = 1, .runs = 2, .steps = 60, .stops = 20};
/// Everything that has a state of its own or draws random numbers.
const ResumeCase kAllOptions{
    .threads = 2,
    .runs = 1,
    .steps = 36,
    .stops = 5,
    .train = {{"trunk_norm", "dataset"},
              {"balance", {{"method", "gradnorm"}}},
              {"conflict_every", 3},
              {"clip", "branch"},
              {"optimizer", "sgd"}},
    .transforms = {{"mosaic", 0.5}, {"mixup", 0.5}, {"copy_paste", 0.5}, {"rotate_degrees", 20}}};

class Resume : public testing::TestWithParam<ResumeCase> {};

TEST_P(Resume, EndsWithTheBytesOfARunThatWasNotStopped) {
    const ProcessOptions options{.environment = {"OMP_NUM_THREADS=" + std::to_string(GetParam().threads)}};
    const SmallRun run;
    json train{{"steps", GetParam().steps}, {"eval_every", 7}, {"checkpoint_every", 5}};
    train.update(GetParam().train);
    run.write_config(train, GetParam().transforms);
    ASSERT_EQ(banyan({"train", run.config(), "--out", run.file("whole")}, options).code, 0);

    int stops = 0;
    for (int i = 0; i < GetParam().runs; ++i) {
        const std::string folder = run.file("stopped" + std::to_string(i));
        Random random(static_cast<std::uint64_t>(GetParam().threads), static_cast<std::uint64_t>(i));
        while (run_until(random_stop(random), run, folder, options) != 0) ++stops;
        expect_equal_files(folder, run.file("whole"));
    }
    EXPECT_GE(stops, GetParam().stops);
}

INSTANTIATE_TEST_SUITE_P(Options, Resume, testing::Values(kDefaults, kAllOptions));

TEST(Train, WarnsWhenResumedWithAnotherNumberOfThreads) {
    const SmallRun run;
    const std::vector<std::string> words{"train", run.config(), "--out", run.out(), "--resume"};
    ASSERT_EQ(banyan({words.begin(), words.end() - 1}).code, 0);
    EXPECT_THAT(banyan(words).err, Not(HasSubstr("threads")));
    const Outcome outcome = banyan(words, {.environment = {"OMP_NUM_THREADS=2"}});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, testing::AllOf(HasSubstr("1 thread"), HasSubstr("2 threads"), HasSubstr("may differ")));
}

TEST(Train, NamesTheDataSetThatChangedSinceTheCheckpoint) {
    const SmallRun run;
    ASSERT_EQ(banyan({"train", run.config(), "--out", run.out()}).code, 0);
    json coco = json::parse(read_text(run.file("blues/instances.json")));
    coco["annotations"][0]["bbox"][0] = 1.5;
    run.dir().write("blues/instances.json", coco.dump());
    const Outcome outcome = banyan({"train", run.config(), "--out", run.out(), "--resume"});
    EXPECT_EQ(outcome.code, 3) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("blues"));
}

} // namespace
} // namespace banyan::test
