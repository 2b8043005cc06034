#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "combine/merge_auto.h"
#include "combine/merge_outcome.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

MergeAutoOptions merge_options() {
    MergeAutoOptions options;
    options.config.effective = "{}";
    options.folder = "out";
    options.budget.branches = 2;
    return options;
}

std::string difference_to(const MergeAutoOptions& now) {
    return merge_inputs_difference(merge_inputs_json(merge_options()), merge_inputs_json(now));
}

TEST(MergeInputs, MayGrowAndMayAllowAnotherLoss) {
    MergeAutoOptions now = merge_options();
    EXPECT_EQ(difference_to(now), "");
    now.seeds = 5;
    now.candidates = 9;
    now.max_drop = 2;
    now.try_all = true;
    EXPECT_EQ(difference_to(now), "");
}

TEST(MergeInputs, TellWhatDiffers) {
    MergeAutoOptions now = merge_options();
    now.seeds = 2;
    EXPECT_EQ(difference_to(now), "seeds was 3, is 2");
    now = merge_options();
    now.budget = merge_budget_from_text("latency=12ms", "test");
    now.heal_steps = 10;
    EXPECT_EQ(difference_to(now), "budget was \"branches=2\", is \"latency=12ms\"; heal_steps was 300, is 10");
    now = merge_options();
    now.config.effective = "{\"a\": 1}";
    EXPECT_THAT(difference_to(now), HasSubstr("config_hash was"));
    now = merge_options();
    now.target = "1 thread";
    now.heal_set = {"/train/lr=1"};
    now.measure.boxes = BoxOutputs::shared;
    now.plans = {plan_from_text("a+b", "test")};
    EXPECT_THAT(difference_to(now), HasSubstr("target was \"\", is \"1 thread\""));
    EXPECT_THAT(difference_to(now), HasSubstr("heal_set was [], is [\"/train/lr=1\"]"));
    EXPECT_THAT(difference_to(now), HasSubstr("shared_boxes was false, is true"));
    EXPECT_THAT(difference_to(now), HasSubstr("plans was [], is [\"a+b\"]"));
    EXPECT_THAT(merge_inputs_difference("{\"seeds\": ", merge_inputs_json(now)), HasSubstr("damaged"));
}

TEST(MergeResult, HasPlanAccuraciesAndAllThatWasTried) {
    const json result = json::parse(merge_result_json(merge_options(), merge_outcome()));
    EXPECT_EQ(result.at("plan"), json::parse(R"([["red"], ["blue", "green"]])"));
    EXPECT_EQ(result.at("accepted"), true);
    const json& red = result.at("tasks").at("red");
    EXPECT_DOUBLE_EQ(red.at("before"), 0.5);
    EXPECT_DOUBLE_EQ(red.at("transplanted"), 0.49);
    EXPECT_DOUBLE_EQ(red.at("healed"), 0.505);
    EXPECT_NEAR(red.at("difference")[0], 0.005, 1e-12);
    EXPECT_NEAR(red.at("difference")[1], -0.005, 1e-12);
    EXPECT_NEAR(red.at("intervals").at("healed")[1], 0.515, 1e-12);
    EXPECT_DOUBLE_EQ(result.at("mean").at("healed"), 0.505);
    EXPECT_EQ(result.at("latency_ms").at("before"), 8);
    EXPECT_DOUBLE_EQ(result.at("latency_ms").at("after"), 7.2);
    EXPECT_EQ(result.at("too_slow")[0].at("latency_ms"), 9);
    EXPECT_EQ(result.at("parameters").at("after"), 2500000);
    EXPECT_EQ(result.at("front").size(), 3U);
    const json& tried = result.at("tried");
    ASSERT_EQ(tried.size(), 3U);
    EXPECT_EQ(tried[0].at("accepted"), false);
    EXPECT_EQ(tried[1].at("accepted"), true);
    EXPECT_TRUE(tried[2].at("accepted").is_null());
    EXPECT_DOUBLE_EQ(tried[2].at("latency_ms"), 7.3);
    EXPECT_DOUBLE_EQ(tried[2].at("tasks").at("blue").at("transplanted"), 0.47);
    EXPECT_TRUE(tried[2].at("mean").at("healed").is_null());
    EXPECT_DOUBLE_EQ(tried[2].at("predicted").at("relative_accuracy"), 0.97);
    EXPECT_EQ(result.at("files").at("merged"), "out/merged.banyan.safetensors");
    EXPECT_TRUE(result.at("problem").is_null());
}

TEST(MergeResult, OfNoPlanHasNoNetwork) {
    MergeAutoOutcome outcome = merge_outcome();
    outcome.accepted.reset();
    outcome.problem = "no plan passes";
    const json result = json::parse(merge_result_json(merge_options(), outcome));
    EXPECT_TRUE(result.at("plan").is_null());
    EXPECT_EQ(result.at("accepted"), false);
    EXPECT_TRUE(result.at("tasks").empty());
    EXPECT_TRUE(result.at("latency_ms").at("after").is_null());
    EXPECT_TRUE(result.at("files").at("merged").is_null());
    EXPECT_EQ(result.at("problem"), "no plan passes");
    EXPECT_EQ(result.at("tried").size(), 3U);
}

TEST(MergeResult, OfANetworkThatStaysAsItIsHasNoDifference) {
    MergeAutoOutcome outcome = merge_outcome();
    outcome.accepted.reset();
    outcome.kept_apart = true;
    const json result = json::parse(merge_result_json(merge_options(), outcome));
    EXPECT_EQ(result.at("plan").size(), 3U);
    EXPECT_EQ(result.at("tasks").at("red").at("healed"), 0.5);
    EXPECT_EQ(result.at("mean").at("difference"), json({0, 0, 0}));
}

} // namespace
} // namespace banyan::test
