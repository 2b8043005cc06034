#include "combine/merge_auto.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "combine/folder_lock.h"
#include "combine/validation_judge.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "drawn_tasks.h"
#include "eval/coco_writer.h"
#include "eval/evaluate.h"
#include "model/saved_model.h"
#include "network/model_file.h"
#include "support/expect_error.h"

namespace banyan::test {
namespace {

namespace fs = std::filesystem;

/// A given network with its start values, and a clock that tells 1 ms for a trunk and 2 ms for a branch.
class MergeAutoRun : public testing::Test {
protected:
    MergeAutoRun() { save_model(data_.file("model.banyan.safetensors"), MultiTaskModel(data_.config().model)); }

    MergeAutoOptions options(const std::string& budget, const std::string& folder = "out") {
        MergeAutoOptions options;
        options.config = data_.config();
        options.folder = data_.file(folder);
        options.budget = merge_budget_from_text(budget, "test");
        options.measure.model = data_.file("model.banyan.safetensors");
        options.measure.probes = 1;
        options.measure.probe.rows = 2;
        options.measure.pair_pictures = 2;
        options.meter = [this](const std::vector<ModelOptions>& networks) {
            ++measured_;
            std::vector<LatencySamples> samples;
            for (const ModelOptions& network : networks) {
                const auto branches = static_cast<double>(network.branches.size());
                const bool slow = plan_text(plan_of(network)) == slow_;
                samples.push_back({std::vector<double>(3, 1 + 2.0 * branches + (slow ? 1 : 0))});
            }
            return samples;
        };
        options.target = "test";
        options.candidates = 1;
        options.seeds = 1;
        options.max_drop = 100;
        options.heal_steps = 1;
        options.bootstrap.resamples = 20;
        return options;
    }
    /// Detections as if the unmerged network had found everything.
    void pretend_that_unmerged_is_perfect() const {
        const RunConfig config = data_.config();
        const ClassTable table(config.model.tasks);
        CocoProblem problem = ground_truth_of(load_datasets(config.validation, table), table);
        for (const CocoAnnotation& object : problem.annotations) {
            problem.detections.push_back({object.image, object.category, object.box, 0.9});
        }
        write_file_atomically(data_.file("out/unmerged.coco.json"), coco_predictions_json(problem));
    }
    std::string text(const std::string& name) const { return read_file(data_.file(name)); }

    DrawnTasks data_;
    int measured_ = 0;
    std::string slow_; ///< the network of this plan takes 1 ms more
};

TEST_F(MergeAutoRun, EndsWithANetworkOfThePlanAndDoesNothingTwice) {
    const MergeAutoOptions wanted = options("branches=2");
    const MergeAutoOutcome outcome = merge_auto(wanted);
    ASSERT_TRUE(outcome.accepted);
    EXPECT_EQ(outcome.plan().groups.size(), 2U);
    EXPECT_EQ(plan_of(ModelFile::load(data_.file("out/merged.banyan.safetensors")).options), outcome.plan());
    EXPECT_EQ(load_plan(data_.file("out/plan.json")), outcome.plan());
    EXPECT_EQ(text("out/unmerged.banyan.safetensors"), text("model.banyan.safetensors"));
    EXPECT_EQ(outcome.costs.trunk_ms, 1);
    EXPECT_LT(outcome.parameters_after, outcome.parameters_before);

    const std::string result = text("out/result.json");
    const auto run = data_.file("out/confirm/candidate-1/seed-1/metrics.jsonl");
    const auto written = fs::last_write_time(run);
    const int before = measured_;
    expect_error<UsageError>([&] { merge_auto(wanted); }, {"--out", "--resume"});
    MergeAutoOptions again = wanted;
    again.resume = true;
    EXPECT_TRUE(merge_auto(again).accepted);
    EXPECT_EQ(text("out/result.json"), result);
    EXPECT_EQ(fs::last_write_time(run), written);
    EXPECT_EQ(measured_, before);
}

TEST_F(MergeAutoRun, RefusesToGoOnWithOtherInputs) {
    MergeAutoOptions wanted = options("branches=3");
    merge_auto(wanted);
    wanted.resume = true;
    wanted.budget.branches = 2;
    expect_error<UsageError>([&] { merge_auto(wanted); }, {"budget was", "branches=3"});
    wanted.budget.branches = 3;
    wanted.config = data_.config({"/train/lr=0.5"});
    expect_error<UsageError>([&] { merge_auto(wanted); }, {"/train/lr was 0.003, is 0.5"});
}

TEST_F(MergeAutoRun, HandsOutNothingThatMayLoseMoreThanAllowed) {
    MergeAutoOptions wanted = options("branches=2");
    wanted.measure.pairs = PairMerging::off;
    wanted.max_drop = 5;
    pretend_that_unmerged_is_perfect();
    const MergeAutoOutcome failed = merge_auto(wanted);
    EXPECT_FALSE(failed.has_result());
    EXPECT_NE(failed.problem.find("no plan passes"), std::string::npos) << failed.problem;
    ASSERT_EQ(failed.candidates.size(), 1U);
    EXPECT_LT(failed.candidates[0].verdict->least_difference, -50);
    EXPECT_FALSE(fs::exists(data_.file("out/merged.banyan.safetensors")));

    wanted.resume = true;
    wanted.max_drop = 100;
    EXPECT_TRUE(merge_auto(wanted).accepted);
    EXPECT_TRUE(fs::exists(data_.file("out/merged.banyan.safetensors")));
    wanted.max_drop = 5;
    wanted.candidates = 2; // falls to the next one
    const MergeAutoOutcome more = merge_auto(wanted);
    EXPECT_TRUE(more.candidates.at(1).verdict);
    EXPECT_FALSE(fs::exists(data_.file("out/merged.banyan.safetensors"))); // the one before is not its result
}

TEST_F(MergeAutoRun, LeavesTheNetworkAsItIsWhereThatKeepsTheBudgetAndNoMergePasses) {
    MergeAutoOptions wanted = options("latency=7ms"); // all apart: 1 + 3 * 2
    wanted.measure.pairs = PairMerging::off;
    wanted.max_drop = 5;
    pretend_that_unmerged_is_perfect();
    const MergeAutoOutcome outcome = merge_auto(wanted);
    EXPECT_TRUE(outcome.kept_apart);
    EXPECT_EQ(outcome.plan().groups.size(), 3U);
    EXPECT_EQ(text("out/merged.banyan.safetensors"), text("model.banyan.safetensors"));
}

TEST_F(MergeAutoRun, TellsTheNearestPlanOfABudgetThatNoneKeeps) {
    const MergeAutoOutcome outcome = merge_auto(options("latency=2.5ms"));
    EXPECT_FALSE(outcome.has_result());
    EXPECT_NE(outcome.problem.find("no plan keeps it"), std::string::npos) << outcome.problem;
    EXPECT_NE(outcome.problem.find("red+crimson+blue for 3 ms"), std::string::npos) << outcome.problem;
    EXPECT_FALSE(outcome.plans.front.empty());
    EXPECT_TRUE(fs::exists(data_.file("out/result.json")));
    EXPECT_FALSE(fs::exists(data_.file("out/merged.banyan.safetensors")));
}

TEST_F(MergeAutoRun, TriesThePlansThatItIsGiven) {
    MergeAutoOptions wanted = options("branches=2");
    wanted.measure.pairs = PairMerging::off;
    wanted.plans = {plan_from_text("blue + crimson | red", "test"), plan_from_text("red+crimson+blue", "test")};
    wanted.try_all = true;
    const MergeAutoOutcome outcome = merge_auto(wanted);
    ASSERT_EQ(outcome.candidates.size(), 2U);
    EXPECT_EQ(plan_text(outcome.candidates[0].predicted.plan), "red | crimson+blue");
    EXPECT_EQ(outcome.candidates[0].latency.median_ms, 5);
    EXPECT_EQ(plan_text(outcome.candidates[1].predicted.plan), "red+crimson+blue");
    EXPECT_TRUE(outcome.candidates[1].verdict);
    EXPECT_EQ(outcome.accepted, 0U);

    wanted.folder = data_.file("other");
    wanted.budget.branches = 1;
    expect_error<UsageError>([&] { merge_auto(wanted); }, {"--plans", "too many branches", "red | crimson+blue"});
    wanted.plans = {plan_from_text("red+green", "test")};
    expect_error<UsageError>([&] { merge_auto(wanted); }, {"--plans", "\"green\" is no task"});
    wanted.budget = merge_budget_from_text("latency=9ms", "test");
    wanted.plans = {plan_from_text("red | crimson | blue", "test")};
    expect_error<UsageError>([&] { merge_auto(wanted); }, {"--plans", "joins no tasks"});
}

TEST_F(MergeAutoRun, DropsPlansThatAreTooSlowWhenTheyAreMeasured) {
    MergeAutoOptions wanted = options("latency=5ms"); // 1 + 2 * 2
    wanted.measure.pairs = PairMerging::off;
    wanted.candidates = 3;
    slow_ = "red+crimson | blue";
    const MergeAutoOutcome outcome = merge_auto(wanted);
    ASSERT_TRUE(outcome.accepted);
    EXPECT_EQ(outcome.latency().median_ms, 5);
    ASSERT_EQ(outcome.too_slow.size(), 1U);
    EXPECT_EQ(plan_text(outcome.too_slow[0].plan), "red+crimson | blue");
    EXPECT_EQ(outcome.too_slow[0].median_ms, 6);
    for (const MergeCandidate& candidate : outcome.candidates)
        EXPECT_NE(candidate.latency.plan, outcome.too_slow[0].plan);
}

TEST_F(MergeAutoRun, EndsWhereNoPlanKeepsTheBudgetWhenItIsMeasured) {
    MergeAutoOptions wanted = options("latency=3.5ms"); // all in one: 1 + 2
    wanted.measure.pairs = PairMerging::off;
    slow_ = "red+crimson+blue";
    const LatencyMeter slow = wanted.meter;
    wanted.meter = [&, calls = 0](const std::vector<ModelOptions>& networks) mutable {
        std::vector<LatencySamples> samples = slow(networks);
        if (++calls == 1) { // costs are found before anything is slow
            for (LatencySamples& sample : samples) {
                if (sample.ms.front() == 4) sample.ms.assign(3, 3);
            }
        }
        return samples;
    };
    const MergeAutoOutcome outcome = merge_auto(wanted);
    EXPECT_FALSE(outcome.has_result());
    EXPECT_NE(outcome.problem.find("no plan keeps it when it is measured"), std::string::npos) << outcome.problem;
    EXPECT_NE(outcome.problem.find("red+crimson+blue for 4.00 ms"), std::string::npos) << outcome.problem;
}

TEST_F(MergeAutoRun, KnowsWhichTasksNothingJudges) {
    RunConfig config = data_.config();
    EXPECT_TRUE(ValidationJudge(config, "test").tasks_without_objects().empty());
    const auto shows_blue = [](const DatasetOptions& dataset) { return dataset.name == "blue"; };
    std::erase_if(config.validation, shows_blue);
    EXPECT_EQ(ValidationJudge(config, "test").tasks_without_objects(), std::vector<std::string>{"blue"});
}

TEST_F(MergeAutoRun, RefusesFoldersAtWorkAndHeadsThatCannotShareATower) {
    MergeAutoOptions wanted = options("branches=2");
    {
        const auto lock = FolderLock::try_lock(wanted.folder);
        expect_error<UsageError>([&] { merge_auto(wanted); }, {"another process"});
    }
    write_file_atomically(data_.file("out/measure.json"), "{}");
    expect_error<UsageError>([&] { merge_auto(wanted); }, {"holds a measurement", "--resume"});
    wanted.config.model.branches[1].head.depth = 2;
    expect_error<UsageError>([&] { merge_auto(wanted); }, {"cannot share a tower", "depth"});
    wanted.config = restrict_to_tasks(data_.config(), {"red"});
    expect_error<UsageError>([&] { merge_auto(wanted); }, {"only \"red\""});
    wanted.config = data_.config();
    wanted.config.validation.clear();
    expect_error<UsageError>([&] { merge_auto(wanted); }, {"validation"});
    EXPECT_FALSE(fs::exists(data_.file("out/auto.json")));
}

} // namespace
} // namespace banyan::test
