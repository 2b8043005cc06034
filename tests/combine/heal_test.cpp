#include "combine/heal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "combine/heal_run.h"
#include "combine/merge_plan.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "drawn_tasks.h"
#include "model/libtorch.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using test::HealRun;
using testing::ElementsAre;

TEST(HealConfig, TrainsTheMergedNetworkWithTheUnmergedAsItsTeacher) {
    const HealRun run;
    const RunConfig before = load_run_config(run.file("config.json"));
    HealOptions options = run.options(50);
    options.seed = 4;
    const RunConfig config = heal_config(options);
    ASSERT_EQ(config.model.branches.size(), 1U);
    EXPECT_THAT(config.model.branches[0].tasks, ElementsAre("red", "blue"));
    EXPECT_EQ(config.train.init, run.model("merged"));
    EXPECT_EQ(config.train.teachers.at(0).model, run.model("unmerged"));
    EXPECT_EQ(config.train.teachers.at(0).refine_weight, 0);
    EXPECT_EQ(config.train.teachers.at(0).temperature, 1);
    EXPECT_EQ(config.train.steps, 50);
    EXPECT_EQ(config.train.warmup_steps, 5);
    EXPECT_EQ(config.train.lr, before.train.lr * kHealLrScale);
    EXPECT_EQ(config.train.seed, 4U);
    EXPECT_EQ(config.loader.seed, 4U);
    EXPECT_EQ(config.train.trunk_lr_scale, 0);
    EXPECT_EQ(config.train.trunk_norm, TrunkNorm::frozen);
    EXPECT_EQ(config.datasets.size(), 2U);
    EXPECT_EQ(config.validation.size(), 1U);
}

TEST(HealConfig, LetsTheCallerChangeAnything) {
    const HealRun run;
    HealOptions options = run.options();
    options.trunk_lr_scale = 0.1;
    options.set = {"/train/lr=0.25", "/train/teachers/0/temperature=3", "/transforms/mosaic=0.5"};
    const RunConfig config = heal_config(options);
    EXPECT_EQ(config.train.lr, 0.25);
    EXPECT_EQ(config.train.teachers.at(0).temperature, 3);
    EXPECT_EQ(config.transforms.mosaic, 0.5);
    EXPECT_EQ(config.train.trunk_lr_scale, 0.1);
    EXPECT_EQ(config.train.trunk_norm, TrunkNorm::batch); // the config's
}

TEST(HealConfig, LeavesComposedPicturesAndTheTrunksBalancingAway) {
    const HealRun run;
    const RunConfig whole = load_run_config(
        run.file("config.json"), {R"(/train/balance={"method": "gradnorm"})", "/train/conflict_every=3",
                                  "/train/trunk_norm=dataset", R"(/transforms={"mosaic": 0.5, "mixup": 0.5})"});
    HealOptions options = run.options();
    options.config = run.file("composed.json");
    write_file_atomically(options.config, whole.effective);
    const RunConfig config = heal_config(options);
    EXPECT_EQ(config.transforms.mosaic, 0);
    EXPECT_EQ(config.transforms.mixup, 0);
    EXPECT_EQ(config.train.balance.method, BalanceMethod::fixed);
    EXPECT_EQ(config.train.conflict_every, 0);
}

TEST(HealConfig, CutsTheConfigToTheNetworksTasks) {
    const HealRun run;
    ModelOptions one = run.merged();
    one.tasks.resize(1);
    one.branches[0].tasks = {"red"};
    run.save("merged", one, 2);
    const RunConfig config = heal_config(run.options());
    EXPECT_EQ(config.datasets.size(), 1U);
    EXPECT_EQ(config.datasets[0].name, "reds");
}

TEST(HealConfig, RefusesTasksThatTheConfigLacks) {
    const HealRun run;
    ModelOptions other = run.merged();
    other.tasks[1] = {"green", {"green"}};
    other.branches[0].tasks = {"red", "green"};
    run.save("merged", other, 2);
    expect_error<ConfigError>([&] { heal_config(run.options()); }, {"config.json", "\"green\""});
    other.tasks[1] = {"blue", {"navy", "sky"}};
    other.branches[0].tasks = {"red", "blue"};
    run.save("merged", other, 2);
    expect_error<ConfigError>([&] { heal_config(run.options()); }, {"classes", "navy, sky"});
}

TEST(Heal, ChangesTheBranchAndKeepsTheTrunk) {
    const HealRun run;
    const TrainOutcome outcome = heal(run.options(), run.file("healed"), false);
    EXPECT_EQ(outcome.step, 2);
    EXPECT_FALSE(outcome.report.tasks.empty());
    const MultiTaskModel before = load_model(run.model("merged")),
                         after = load_model(run.file("healed/weights/last.banyan.safetensors"));
    for (const auto& [name, tensor] : test::copies_of(before.module())) {
        const bool is_of_trunk = name.starts_with("trunk.");
        if (!is_of_trunk && !name.ends_with(".cls.weight")) continue;
        EXPECT_EQ(at::equal(after.module().tensor(name), tensor), is_of_trunk) << name;
    }
}

/// Three tasks, of which two were merged.
class HealOfAPair : public testing::Test {
protected:
    HealOfAPair() {
        const ModelOptions apart = data_.config().model;
        ModelOptions merged = regrouped(apart, plan_from_text("red+crimson | blue", "test"));
        merged.branches[0].head.boxes = BoxOutputs::per_task;
        data_.dir().write("config.json", data_.config_text());
        save_model(data_.file("unmerged.banyan.safetensors"), MultiTaskModel(apart));
        save_model(data_.file("merged.banyan.safetensors"), MultiTaskModel(merged));
        options_.config = data_.file("config.json");
        options_.merged = data_.file("merged.banyan.safetensors");
        options_.teacher = data_.file("unmerged.banyan.safetensors");
        options_.steps = 3;
    }
    test::DrawnTasks data_;
    HealOptions options_;
};

TEST_F(HealOfAPair, LetsJustTheMergedTasksLearnUnderAKeptTrunk) {
    EXPECT_THAT(heal_config(options_).train.learn, ElementsAre("red", "crimson"));
    options_.trunk_lr_scale = 0.1;
    EXPECT_TRUE(heal_config(options_).train.learn.empty());
}

TEST_F(HealOfAPair, KeepsTheOtherBranchToTheBit) {
    heal(options_, data_.file("healed"), false);
    const MultiTaskModel before = load_model(options_.merged),
                         after = load_model(data_.file("healed/weights/last.banyan.safetensors"));
    int moved = 0;
    for (const auto& [name, tensor] : test::copies_of(before.module())) {
        const bool same = at::equal(after.module().tensor(name), tensor);
        if (!name.starts_with("branches.red+crimson")) {
            EXPECT_TRUE(same) << name;
        }
        moved += same ? 0 : 1;
    }
    EXPECT_GT(moved, 4);
}

} // namespace
} // namespace banyan
