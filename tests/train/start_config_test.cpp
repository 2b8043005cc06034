// Keys of "train" that tell what a run starts and learns from.

#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "train/train_config.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kPeople = std::string(BANYAN_SOURCE_DIR) + "/configs/people.json";

TrainOptions train_options(const std::vector<std::string>& overrides) {
    return load_run_config(kPeople, overrides).train;
}

TEST(StartConfig, ReadsWhatARunStartsAndLearnsFrom) {
    const RunConfig config = load_run_config(
        kPeople, {"/train/pretrained=", "/train/init=start.safetensors", "/train/trunk_lr_scale=0.5",
                  R"(/train/teachers=[{"model": "big.safetensors", "tasks": ["face"], "weight": 2, "box_weight": 3,
                     "temperature": 4, "focus": 0.5, "minimum_score": 0.2, "refine_weight": 0.1, "cross": true},
                     {"model": "other.safetensors", "weight": 0, "hints": [{"value": "trunk.a"}, {"value": "trunk.a",
                     "teacher_value": "trunk.b", "kind": "cwd", "weight": 3, "temperature": 4, "adaptor": false}]}])"});
    const TrainOptions& options = config.train;
    EXPECT_THAT(options.init, HasSubstr("configs/start.safetensors"));
    EXPECT_EQ(options.trunk_lr_scale, 0.5);
    ASSERT_EQ(options.teachers.size(), 2U);
    const TeacherOptions& teacher = options.teachers[0];
    EXPECT_THAT(teacher.model, HasSubstr("configs/big.safetensors"));
    EXPECT_THAT(teacher.tasks, ElementsAre("face"));
    EXPECT_EQ(teacher.weight, 2);
    EXPECT_EQ(teacher.box_weight, 3);
    EXPECT_EQ(teacher.temperature, 4);
    EXPECT_EQ(teacher.focus, 0.5);
    EXPECT_EQ(teacher.minimum_score, 0.2);
    EXPECT_EQ(teacher.refine_weight, 0.1);
    EXPECT_TRUE(teacher.cross);
    EXPECT_TRUE(teacher.hints.empty());
    EXPECT_THAT(options.teachers[1].hints,
                ElementsAre(HintOptions{"trunk.a", "trunk.a"},
                            HintOptions{"trunk.a", "trunk.b", HintKind::channel, 3, 4, false}));
    const RunConfig again = run_config_from_text(config.effective, "/elsewhere/run.json");
    EXPECT_EQ(again.train.init, std::filesystem::absolute(options.init).lexically_normal().string());
    EXPECT_EQ(again.train.teachers.at(0).model, std::filesystem::absolute(teacher.model).lexically_normal().string());
    EXPECT_EQ(again.train.teachers.at(1).hints, options.teachers[1].hints);
}

TEST(StartConfig, NamesTheTasksThatLearn) {
    const RunConfig config = load_run_config(kPeople, {R"(/train/learn=["face", "hand"])"});
    EXPECT_THAT(config.train.learn, ElementsAre("face", "hand"));
    EXPECT_THAT(run_config_from_text(config.effective, "/elsewhere/run.json").train.learn, ElementsAre("face", "hand"));
    EXPECT_THAT(restrict_to_tasks(config, {"hand", "person"}).train.learn, ElementsAre("hand"));
    expect_error<UsageError>([&] { restrict_to_tasks(config, {"person"}); }, {"--tasks", "train/learn"});
    expect_error<ConfigError>([] { train_options({R"(/train/learn=["nose"])"}); }, {"/train/learn", "\"nose\""});
    expect_error<ConfigError>(
        [] {
            train_options({R"(/train/learn=["face"])", "/train/unlabelled=background"});
        },
        {"/train/learn", "masked"});
}

TEST(StartConfig, HasNoTeacherByDefault) {
    const TrainOptions options = train_options({});
    EXPECT_TRUE(options.teachers.empty());
    EXPECT_EQ(options.init, "");
    EXPECT_EQ(options.trunk_lr_scale, 1);
    expect_error<ConfigError>([] { train_options({R"(/train/teachers=[{"modell": "a"}])"}); },
                              {"/train/teachers/0/model", "missing key"});
}

TEST(StartConfig, StartsFromOneFile) {
    expect_error<ConfigError>([] { train_options({"/train/init=a.safetensors"}); },
                              {"/train/init", "either \"init\" or \"pretrained\""});
    EXPECT_NO_THROW(train_options({"/train/init=a.safetensors", "/train/pretrained="})); // norms may be frozen
}

TEST(StartConfig, AFrozenTrunkTakesNoPart) {
    const std::string frozen = "/train/trunk_lr_scale=0";
    EXPECT_NO_THROW(train_options({frozen}));
    expect_error<ConfigError>(
        [&] {
            train_options({frozen, "/train/trunk_norm=dataset"});
        },
        {"/train/trunk_norm", "trunk_lr_scale"});
    for (const char* method : {"gradnorm", "pcgrad"}) {
        const std::string balance = std::string(R"(/train/balance={"method": ")") + method + "\"}";
        expect_error<ConfigError>(
            [&] {
                train_options({frozen, balance});
            },
            {"/train/balance", "\"fixed\"", "trunk_lr_scale"});
    }
    expect_error<ConfigError>([&] { train_options({frozen, "/train/conflict_every=5"}); }, {"/train/conflict_every"});
    expect_error<ConfigError>(
        [&] {
            train_options({frozen, R"(/train/teachers=[{"model": "a", "hints": [{"value": "trunk.a"}]}])"});
        },
        {"/train/teachers", "hints", "trunk_lr_scale"});
}

TEST(StartConfig, ATeacherNeedsSomethingToTeach) {
    const std::string naive = "/train/unlabelled=background";
    expect_error<ConfigError>(
        [&] {
            train_options({naive, R"(/train/teachers=[{"model": "a", "refine_weight": 0}])"});
        },
        {"/train/teachers", "masked"});
    EXPECT_NO_THROW(train_options({naive, R"(/train/teachers=[{"model": "a"}])"}));
    EXPECT_NO_THROW(
        train_options({naive, R"(/train/teachers=[{"model": "a", "weight": 0, "hints": [{"value": "trunk.a"}]}])"}));
    expect_error<ConfigError>([] { train_options({R"(/train/teachers=[{"model": "a", "weight": 0}])"}); },
                              {"/train/teachers/0/weight", "hints"});
}

} // namespace
} // namespace banyan
