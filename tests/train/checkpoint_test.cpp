#include "train/checkpoint.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/log.h"
#include "core/safetensors.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"
#include "train/metrics_log.h"
#include "train/tiny_model.h"
#include "train/tiny_run.h"
#include "train/touched_tensors.h"
#include "train/train_step.h"
#include "train/trainer.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;
using test::labels_of;

const RunIdentity kIdentity{"hash", {{"training/faces", "f1"}, {"validation/faces", "f2"}}, "1 thread"};

/// Everything that a checkpoint holds, ready to learn.
struct Living {
    explicit Living(const ModelOptions& options = test::tiny_options({"face", "hand"}), std::uint64_t seed = 1)
        : model(options, seeded(seed)), optimizer(model.module(), train_options()),
          ema(model.module(), 0.9), state{model, optimizer, ema} {}

    static GraphModuleOptions seeded(std::uint64_t seed) {
        GraphModuleOptions options;
        options.seed = seed;
        return options;
    }
    static TrainOptions train_options() {
        TrainOptions options = test::fp32_options();
        options.trunk_norm = TrunkNorm::batch;
        return options;
    }

    /// One step whose batch depends on the step alone. Hands are labelled from step 2 on.
    void learn() {
        torch::manual_seed(static_cast<std::uint64_t>(state.step));
        const std::vector<int> known = state.step < 2 ? std::vector<int>{0} : std::vector<int>{0, 1};
        TrainStep step(model, train_options());
        const StepLosses losses = step.forward(torch::randn({2, 3, 64, 64}),
                                               std::vector<Labels>(2, labels_of(2, known, {{{8, 8, 30, 34}, 0}})));
        optimizer.zero_grad();
        losses.total.backward();
        optimizer.step(0.5);
        ema.update(model.module(), touched_tensors(model.module(), losses));
        ++state.step;
    }

    MultiTaskModel model;
    Optimizer optimizer;
    Ema ema;
    TrainState state;
};

void expect_equal_bits(const Living& a, const Living& b) {
    EXPECT_EQ(a.model.module().to_host(), b.model.module().to_host());
    for (const auto& [left, right] :
         {std::pair{a.optimizer.state(), b.optimizer.state()}, std::pair{a.ema.state(), b.ema.state()}}) {
        ASSERT_EQ(left.size(), right.size());
        for (const auto& [name, tensor] : left) EXPECT_TRUE(at::equal(tensor, right.at(name))) << name;
    }
}

class Checkpoint : public testing::Test {
protected:
    Checkpoint() { at::set_num_threads(1); }
    std::string path() const { return dir_.file("state.safetensors"); }
    void save(Living& living, int steps = 3) {
        for (int i = 0; i < steps; ++i) living.learn();
        living.state.evaluated = 2;
        living.state.best_score = 0.1 + 0.2; // no short decimal
        save_checkpoint(path(), living.state, kIdentity);
    }
    TempDir dir_;
};

TEST_F(Checkpoint, RestoresEverythingAndGoesOnBitForBit) {
    Living living;
    save(living);
    Living restored(test::tiny_options({"face", "hand"}), 99); // other start values
    load_checkpoint(path(), restored.state, kIdentity);
    EXPECT_EQ(restored.state.step, 3);
    EXPECT_EQ(restored.state.evaluated, 2);
    EXPECT_EQ(restored.state.best_score, 0.1 + 0.2);
    expect_equal_bits(living, restored);
    for (int i = 0; i < 3; ++i) {
        living.learn();
        restored.learn();
    }
    expect_equal_bits(living, restored);
}

TEST_F(Checkpoint, HoldsNoMomentsOfABranchThatNeverLearned) {
    Living living;
    save(living, 1); // hands are not labelled yet
    Living restored;
    restored.learn();
    restored.state.step = 2;
    restored.learn(); // has moments of hands, which must go
    load_checkpoint(path(), restored.state, kIdentity);
    expect_equal_bits(living, restored);
}

TEST_F(Checkpoint, RefusesAnotherConfig) {
    Living living;
    save(living, 0);
    RunIdentity other = kIdentity;
    other.config_hash = "other";
    expect_error<ModelFileError>([&] { load_checkpoint(path(), living.state, other); },
                                 {path(), "another config", "other", "hash", "config.json"});
}

TEST_F(Checkpoint, RefusesDataThatChanged) {
    Living living;
    save(living, 0);
    for (const char* name : {"training/faces", "validation/faces"}) {
        RunIdentity other = kIdentity;
        other.datasets[name] = "f3";
        expect_error<DataError>(
            [&] { load_checkpoint(path(), living.state, other); },
            {"data set " + std::string(name), "changed", path(), kIdentity.datasets.at(name), "f3"});
    }
}

TEST_F(Checkpoint, WarnsOfOtherArithmeticAndLoads) {
    Living living;
    save(living);
    Living restored;
    RunIdentity other = kIdentity;
    const auto log_of_loading = [&](const std::string& name) {
        set_log_file(dir_.file(name));
        load_checkpoint(path(), restored.state, other);
        set_log_file("");
        return read_file(dir_.file(name));
    };
    EXPECT_EQ(log_of_loading("same.log"), "");
    other.arithmetic = "2 threads";
    const std::string text = log_of_loading("other.log");
    for (const char* word : {"1 thread;", "2 threads", "may differ"}) EXPECT_THAT(text, testing::HasSubstr(word));
    EXPECT_EQ(restored.state.step, 3);
}

TEST_F(Checkpoint, RefusesAnotherNetworkAndChangesNothing) {
    Living living;
    save(living, 0);
    const auto refused = [&](const ModelOptions& options, const std::vector<std::string>& words) {
        Living other(options, 5);
        const HostTensors before = other.model.module().to_host();
        expect_error<ModelFileError>([&] { load_checkpoint(path(), other.state, kIdentity); }, words);
        EXPECT_EQ(other.model.module().to_host(), before);
        EXPECT_EQ(other.state.step, 0);
    };
    refused(test::tiny_options({"face"}), {path(), "another network", "tensors"});
    refused(test::tiny_options({"face", "head"}), {path(), "another network", "branches.head."});
    ModelOptions wider = test::tiny_options({"face", "hand"});
    wider.neck.channels = 24;
    refused(wider, {path(), "another network", "shape"});
}

TEST_F(Checkpoint, RefusesDamagedFiles) {
    Living living;
    save(living, 0);
    const std::string whole = read_file(path());
    for (const std::size_t size : {whole.size() - 1, whole.size() / 2, std::size_t{9}, std::size_t{0}}) {
        const std::string cut = dir_.write("cut.safetensors", whole.substr(0, size));
        expect_error<ModelFileError>([&] { load_checkpoint(cut, living.state, kIdentity); }, {cut});
    }
    std::string flipped = whole;
    flipped[flipped.size() - 100] = static_cast<char>(flipped[flipped.size() - 100] ^ 1);
    const std::string changed = dir_.write("flipped.safetensors", flipped);
    expect_error<ModelFileError>([&] { load_checkpoint(changed, living.state, kIdentity); }, {changed});
    expect_error<IoError>([&] { load_checkpoint(dir_.file("none"), living.state, kIdentity); }, {"none"});
}

TEST_F(Checkpoint, RefusesFilesThatAreNone) {
    Living living;
    save_safetensors(path(), {}, {{"format", "something"}});
    expect_error<ModelFileError>([&] { load_checkpoint(path(), living.state, kIdentity); },
                                 {path(), "not a checkpoint"});
    save(living, 0);
    const SafetensorsFile file = SafetensorsFile::load(path());
    auto metadata = file.metadata();
    metadata["step"] = "three";
    const std::string odd = dir_.file("odd.safetensors");
    save_safetensors(odd, file.tensors(), metadata);
    expect_error<ModelFileError>([&] { load_checkpoint(odd, living.state, kIdentity); }, {odd, "\"step\"", "three"});
}

TEST(FindCheckpoint, TakesTheOneOfTheHighestStep) {
    const TempDir dir;
    EXPECT_EQ(find_checkpoint(dir.path()), "");
    EXPECT_EQ(find_checkpoint(dir.file("none")), "");
    dir.write("checkpoint-900/state.safetensors", "");
    dir.write("checkpoint-1000/state.safetensors", "");
    dir.write("checkpoint-2000/other", ""); // stopped before it was written
    dir.write("checkpoint-odd/state.safetensors", "");
    EXPECT_EQ(find_checkpoint(dir.path()), dir.file("checkpoint-1000/state.safetensors"));
}

/// Tensors of a run's last checkpoint.
std::map<std::string, std::string> last_state(const std::string& folder) {
    const SafetensorsFile file = SafetensorsFile::load(find_checkpoint(folder));
    std::map<std::string, std::string> state(file.metadata());
    for (const auto& [name, bytes] : file.tensors()) {
        state[name] = std::string(reinterpret_cast<const char*>(bytes.data), bytes.byte_count());
    }
    return state;
}

/// Trains in `folder` and asks for a stop as soon as the first checkpoint is there.
TrainOutcome train_and_stop(const RunConfig& config, const std::string& folder, int signal) {
    std::optional<TrainOutcome> outcome;
    std::atomic<bool> finished{false};
    std::thread watcher([&] {
        while (!finished && find_checkpoint(folder).empty())
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        if (!finished) ::kill(::getpid(), signal);
    });
    outcome = train(config, folder, false);
    finished = true;
    watcher.join();
    return *outcome;
}

TEST(Train, AStoppedAndResumedRunEqualsAnUninterruptedOne) {
    const test::TinyData data;
    const RunConfig config = data.config(R"("steps": 24, "checkpoint_every": 3, )");
    const TrainOutcome whole = train(config, data.file("whole"), false);
    EXPECT_EQ(whole.step, 24);
    EXPECT_FALSE(whole.stop_signal);
    const TrainOutcome stopped = train_and_stop(config, data.file("parts"), SIGTERM);
    if (!stopped.stop_signal) GTEST_SKIP() << "the run ended before the signal came";
    EXPECT_EQ(*stopped.stop_signal, SIGTERM);
    EXPECT_LT(stopped.step, 24);
    const TrainOutcome resumed = train(config, data.file("parts"), true);
    EXPECT_EQ(resumed.step, 24);
    EXPECT_EQ(resumed.best_score, whole.best_score);
    EXPECT_EQ(last_state(data.file("whole")), last_state(data.file("parts")));
    const MetricsLog log = read_metrics(data.file("parts"));
    const MetricsLog expected = read_metrics(data.file("whole"));
    ASSERT_EQ(log.loss.size(), 24U); // no step twice, none missing
    for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(log.loss[i].y, expected.loss[i].y) << i;
}

TEST(Train, LeavesAWholeRunFolder) {
    const test::TinyData data;
    const TrainOutcome outcome = train(data.config(R"("steps": 2, "checkpoint_every": 1, )"), data.file("run"), false);
    EXPECT_EQ(outcome.step, 2);
    ASSERT_EQ(outcome.report.tasks.size(), 1U); // the validation set judges red only
    EXPECT_EQ(outcome.report.tasks[0].task, "red");
    for (const char* name : {"config.json", "env.json", "metrics.jsonl", "weights/last.banyan.safetensors",
                             "weights/best.banyan.safetensors", "checkpoint-2/state.safetensors", "report.html"}) {
        EXPECT_TRUE(fs::exists(data.file("run/" + std::string(name)))) << name;
    }
    EXPECT_FALSE(fs::exists(data.file("run/checkpoint-1")));
    expect_error<UsageError>([&] { train(data.config(R"("steps": 2, )"), data.file("run"), false); },
                             {"holds a run already", "--resume"});
}

TEST(Train, ResumesOnlyARunOfTheSameConfig) {
    const test::TinyData data;
    expect_error<UsageError>([&] { train(data.config(R"("steps": 2, )"), data.file("run"), true); },
                             {"--resume", "no run in"});
    train(data.config(R"("steps": 1, )"), data.file("other"), false);
    const std::string config = read_file(data.file("other/config.json"));
    expect_error<ModelFileError>([&] { train(data.config(R"("steps": 2, )"), data.file("other"), true); },
                                 {"another config", "config.json"});
    EXPECT_EQ(read_file(data.file("other/config.json")), config); // the one to resume with is still there
}

TEST(Train, ARunStoppedBeforeItsFirstCheckpointBeginsAgain) {
    const test::TinyData data;
    const RunConfig config = data.config(R"("steps": 2, )");
    train(config, data.file("run"), false);
    const std::string metrics = read_file(data.file("run/metrics.jsonl")),
                      best = read_file(data.file("run/weights/best.banyan.safetensors"));
    fs::remove_all(data.file("run/checkpoint-2"));
    EXPECT_EQ(train(config, data.file("run"), true).step, 2);
    EXPECT_EQ(read_file(data.file("run/metrics.jsonl")), metrics);
    EXPECT_EQ(read_file(data.file("run/weights/best.banyan.safetensors")), best);
}

TEST(Train, ResumesToAnEvaluationThatASignalCutShort) {
    const test::TinyData data;
    const RunConfig config = data.config(R"("steps": 2, )");
    train(config, data.file("run"), false);
    const std::string metrics = read_file(data.file("run/metrics.jsonl")), state = find_checkpoint(data.file("run")),
                      predictions = read_file(data.file("run/predictions.coco.json"));
    const auto finished = last_state(data.file("run"));
    // What the run would have left if it had been stopped in its evaluation.
    const SafetensorsFile file = SafetensorsFile::load(state);
    auto metadata = file.metadata();
    metadata["evaluated"] = "0";
    metadata["best_score"] = "-1";
    save_safetensors(state, file.tensors(), metadata);
    for (const char* name : {"checkpoint-2", "weights"})
        fs::remove(data.file("run/" + std::string(name) + "/best.banyan.safetensors"));
    fs::remove(data.file("run/predictions.coco.json"));
    EXPECT_GT(train(config, data.file("run"), true).best_score, -1);
    EXPECT_EQ(read_file(data.file("run/metrics.jsonl")), metrics);
    EXPECT_EQ(read_file(data.file("run/predictions.coco.json")), predictions);
    EXPECT_EQ(last_state(data.file("run")), finished);
    EXPECT_TRUE(fs::exists(data.file("run/weights/best.banyan.safetensors")));
}

TEST(Train, TellsOfADamagedCheckpoint) {
    const test::TinyData data;
    const RunConfig config = data.config(R"("steps": 1, )");
    train(config, data.file("run"), false);
    const std::string path = find_checkpoint(data.file("run")), whole = read_file(path);
    data.dir().write("run/checkpoint-1/state.safetensors", whole.substr(0, whole.size() / 2));
    const std::string metrics = read_file(data.file("run/metrics.jsonl"));
    expect_error<ModelFileError>([&] { train(config, data.file("run"), true); }, {path, "remove its folder"});
    EXPECT_EQ(read_file(data.file("run/metrics.jsonl")), metrics);
}

TEST(Train, RefusesToResumeOnLabelsThatChanged) {
    const test::TinyData data;
    train(data.config(R"("steps": 1, )"), data.file("run"), false);
    data.dir().write("blues/labels/p1.txt", "0 0.5 0.5 0.25 0.25\n");
    expect_error<DataError>([&] { train(data.config(R"("steps": 1, )"), data.file("run"), true); },
                            {"data set training/blues", "changed", "new run"});
}

} // namespace
} // namespace banyan
