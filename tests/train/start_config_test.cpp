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
                  R"(/train/teacher={"model": "big.safetensors", "tasks": ["face"], "weight": 2, "box_weight": 3,
                     "temperature": 4, "focus": 0.5, "minimum_score": 0.2, "refine_weight": 0.1})"});
    const TrainOptions& options = config.train;
    EXPECT_THAT(options.init, HasSubstr("configs/start.safetensors"));
    EXPECT_EQ(options.trunk_lr_scale, 0.5);
    EXPECT_THAT(options.teacher.model, HasSubstr("configs/big.safetensors"));
    EXPECT_THAT(options.teacher.tasks, ElementsAre("face"));
    EXPECT_EQ(options.teacher.weight, 2);
    EXPECT_EQ(options.teacher.box_weight, 3);
    EXPECT_EQ(options.teacher.temperature, 4);
    EXPECT_EQ(options.teacher.focus, 0.5);
    EXPECT_EQ(options.teacher.minimum_score, 0.2);
    EXPECT_EQ(options.teacher.refine_weight, 0.1);
    const RunConfig again = run_config_from_text(config.effective, "/elsewhere/run.json");
    EXPECT_EQ(again.train.init, std::filesystem::absolute(options.init).lexically_normal().string());
    EXPECT_EQ(again.train.teacher.model, std::filesystem::absolute(options.teacher.model).lexically_normal().string());
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
    EXPECT_EQ(options.teacher, TeacherOptions());
    EXPECT_EQ(options.init, "");
    EXPECT_EQ(options.trunk_lr_scale, 1);
    expect_error<ConfigError>([] { train_options({R"(/train/teacher={"modell": "a"})"}); },
                              {"/train/teacher/modell", "\"model\""});
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
}

TEST(StartConfig, ATeacherNeedsSomethingToTeach) {
    const std::string naive = "/train/unlabelled=background";
    expect_error<ConfigError>(
        [&] {
            train_options({naive, R"(/train/teacher={"model": "a"})"});
        },
        {"/train/teacher", "masked"});
    EXPECT_NO_THROW(train_options({naive, R"(/train/teacher={"model": "a", "refine_weight": 1})"}));
}

} // namespace
} // namespace banyan
