#include "train/isolation_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/libtorch.h"
#include "train/tiny_run.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kMerged =
    R"(/model/branches=[{"name": "colours", "tasks": ["red", "blue"], "anchors": {"levels": [3, 4], "scales": [2]},)"
    R"( "head": {"depth": 1, "width": 8}}])";

RunConfig run_of(const test::TinyData& data, const std::vector<std::string>& overrides = {}) {
    return data.config(R"("steps": 40, )", overrides);
}

TEST(IsolationCheck, BranchesWithoutLabelsKeepEveryBit) {
    const test::TinyData data;
    for (const char* optimizer : {"adamw", "sgd"}) {
        const RunConfig config = run_of(data, {std::string("/train/optimizer=\"") + optimizer + "\""});
        const std::vector<IsolationFinding> findings = check_isolation(config, {2, {}});
        ASSERT_EQ(findings.size(), 2U);
        EXPECT_EQ(findings[0].branch, "red");
        EXPECT_EQ(findings[1].branch, "blue");
        for (const IsolationFinding& finding : findings) {
            EXPECT_THAT(finding.classes, IsEmpty());
            EXPECT_EQ(finding.idle_steps, 2);
            EXPECT_GE(finding.tensors, 60);
            EXPECT_EQ(finding.first_difference, "");
        }
    }
}

TEST(IsolationCheck, ClassesOfMergedBranchesKeepTheirColumns) {
    const test::TinyData data;
    const std::vector<IsolationFinding> findings = check_isolation(run_of(data, {kMerged}), {2, {}});
    ASSERT_EQ(findings.size(), 3U);
    EXPECT_TRUE(findings[0].always_present()); // every picture is red's or blue's
    EXPECT_THAT(findings[0].classes, IsEmpty());
    EXPECT_THAT(findings[1].classes, ElementsAre("red"));
    EXPECT_THAT(findings[2].classes, ElementsAre("blue"));
    for (const std::size_t i : {1U, 2U}) {
        EXPECT_EQ(findings[i].idle_steps, 2);
        EXPECT_EQ(findings[i].tensors, 12); // weight and bias: value, two moments, steps, average, count
        EXPECT_EQ(findings[i].first_difference, "");
    }
}

TEST(IsolationCheck, FindsAnOptimizerThatDecaysWhatHasNoGradient) {
    const test::TinyData data;
    IsolationOptions options;
    options.steps = 1;
    options.after_step = [](MultiTaskModel& model) {
        const torch::NoGradGuard no_grad;
        for (const auto& [name, parameter] : model.module().parameters()) {
            if (name.ends_with(".weight")) at::Tensor(parameter).mul_(1 - 1e-4);
        }
    };
    for (const IsolationFinding& finding : check_isolation(run_of(data), options)) {
        EXPECT_TRUE(finding.moved()) << finding.branch;
        EXPECT_THAT(finding.first_difference, testing::StartsWith("parameter branches." + finding.branch + "."));
    }
    const std::vector<IsolationFinding> merged = check_isolation(run_of(data, {kMerged}), options);
    EXPECT_EQ(merged[1].first_difference, "parameter branches.colours.cls.weight");
    EXPECT_EQ(merged[2].first_difference, "parameter branches.colours.cls.weight");
}

TEST(IsolationCheck, FindsStatisticsThatMove) {
    const test::TinyData data;
    IsolationOptions options;
    options.steps = 1;
    options.after_step = [](MultiTaskModel& model) {
        for (const auto& [name, buffer] : model.module().buffers()) at::Tensor(buffer).add_(1e-3);
    };
    for (const IsolationFinding& finding : check_isolation(run_of(data), options)) {
        EXPECT_THAT(finding.first_difference, testing::StartsWith("statistic branches." + finding.branch + "."));
    }
}

TEST(IsolationCheck, NothingIsIdleInNaiveTraining) {
    const test::TinyData data;
    for (const IsolationFinding& finding :
         check_isolation(run_of(data, {"/train/unlabelled=\"background\""}), {1, {}})) {
        EXPECT_TRUE(finding.always_present());
    }
}

} // namespace
} // namespace banyan
