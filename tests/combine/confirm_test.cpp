#include "combine/confirm.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "combine/heal_run.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "eval/coco_files.h"
#include "eval/coco_writer.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::HealRun;

ConfirmOptions confirm_options(const HealRun& run) {
    ConfirmOptions options;
    options.heal = run.options(1);
    options.candidates = {run.model("merged"), run.model("other")};
    options.seeds = 1;
    options.max_drop = 100;
    options.folder = run.file("confirmed");
    options.bootstrap.resamples = 50;
    return options;
}

/// Detections as if the unmerged network had found everything.
void pretend_that_unmerged_is_perfect(const std::string& folder) {
    CocoProblem problem = read_coco_ground_truth(folder + "/ground_truth.coco.json");
    for (const CocoAnnotation& object : problem.annotations) {
        problem.detections.push_back({object.image, object.category, object.box, 0.9});
    }
    write_file_atomically(folder + "/unmerged.coco.json", coco_predictions_json(problem));
}

TEST(LeastDifference, IsTheLowerEndOfTheIntervalInPoints) {
    BootstrapResult result;
    result.mean.ap.differences = {{.estimate = 0.01, .low = -0.004, .high = 0.02, .share_above_zero = 0.8}, {}};
    EXPECT_NEAR(least_difference_points(result), -0.4, 1e-12);
}

TEST(Confirm, TakesTheFirstCandidateThatPasses) {
    const HealRun run;
    ConfirmOptions options = confirm_options(run);
    const ConfirmOutcome outcome = confirm(options);
    ASSERT_TRUE(outcome.accepted);
    EXPECT_EQ(*outcome.accepted, 0U);
    ASSERT_EQ(outcome.tried.size(), 1U);
    EXPECT_EQ(plan_text(outcome.tried[0].plan), "red+blue");
    EXPECT_EQ(load_plan(options.folder + "/plan.json"), outcome.tried[0].plan);
    EXPECT_EQ(read_file(options.folder + "/unmerged.banyan.safetensors"), read_file(run.model("unmerged")));
    EXPECT_NO_THROW(load_model(options.folder + "/healed.banyan.safetensors"));
    const json told = json::parse(read_file(options.folder + "/confirm.json"));
    EXPECT_EQ(told.at("accepted"), run.model("merged"));
    EXPECT_EQ(told.at("untried"), json({run.model("other")}));
    EXPECT_TRUE(told.at("candidates")[0].at("tasks").contains("red"));
}

TEST(Confirm, FallsToTheNextCandidateAndTellsThatNonePasses) {
    const HealRun run;
    ConfirmOptions options = confirm_options(run);
    confirm(options);
    const auto written = fs::last_write_time(options.folder + "/candidate-1/seed-1/metrics.jsonl");
    pretend_that_unmerged_is_perfect(options.folder);
    options.max_drop = 5;
    options.resume = true;
    const ConfirmOutcome outcome = confirm(options);
    EXPECT_FALSE(outcome.accepted);
    ASSERT_EQ(outcome.tried.size(), 2U);
    EXPECT_LT(outcome.tried[1].least_difference, -50);
    EXPECT_EQ(fs::last_write_time(options.folder + "/candidate-1/seed-1/metrics.jsonl"), written) << "healed again";
    const json told = json::parse(confirm_json(options, outcome));
    EXPECT_TRUE(told.at("accepted").is_null());
    EXPECT_EQ(told.at("candidates").size(), 2U);
    EXPECT_FALSE(told.contains("model"));
    for (const char* name : {"/healed.banyan.safetensors", "/plan.json"}) {
        EXPECT_FALSE(fs::exists(options.folder + name)) << "left by the call that accepted";
    }
}

TEST(Confirm, TakesNoRunsOfOthersForItsOwn) {
    const HealRun run;
    ConfirmOptions options = confirm_options(run);
    confirm(options);
    expect_error<UsageError>([&] { confirm(options); }, {"--resume"});
    options.resume = true;
    options.heal.steps = 2;
    expect_error<UsageError>([&] { confirm(options); }, {"other"});
    options.heal.steps = 1;
    run.save("merged", run.merged(), 9);
    expect_error<UsageError>([&] { confirm(options); }, {"other networks"});
}

TEST(Confirm, RefusesWhatItCannotJudge) {
    const HealRun run;
    ConfirmOptions options = confirm_options(run);
    ModelOptions one = run.merged();
    one.tasks.resize(1);
    one.branches[0].tasks = {"red"};
    run.save("other", one, 3);
    expect_error<UsageError>([&] { confirm(options); }, {"--candidates", "other.banyan", "other tasks"});
    json config = json::parse(read_file(run.file("config.json")));
    config.erase("validation");
    write_file_atomically(run.file("config.json"), config.dump());
    options.candidates = {run.model("merged")};
    expect_error<UsageError>([&] { confirm(options); }, {"validation"});
}

} // namespace
} // namespace banyan
