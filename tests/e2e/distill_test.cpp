#include <cmath>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

/// A trained teacher, and the config of a student that it teaches.
class Distill : public testing::Test {
protected:
    Distill() {
        run_.write_config({{"steps", 200}, {"lr", 0.01}, {"ema_decay", 0.9}, {"threads", 1}});
        train("teacher", {});
        write_student({{"model", model("teacher")}});
    }

    void write_student(const json& teacher) const {
        run_.write_config(
            {{"steps", 30}, {"lr", 0.01}, {"ema_decay", 0.9}, {"threads", 1}, {"teachers", json::array({teacher})}});
    }
    void train(const std::string& name, const std::vector<std::string>& more) const {
        std::vector<std::string> words{"train", run_.config(), "--out", run_.file(name)};
        words.insert(words.end(), more.begin(), more.end());
        const Outcome outcome = banyan(words);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
    }
    std::string model(const std::string& name) const { return run_.file(name) + "/weights/last.banyan.safetensors"; }
    Outcome distill(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"distill", run_.config(), "--out", run_.file("distilled")};
        words.insert(words.end(), more.begin(), more.end());
        return banyan(words);
    }

    SmallRun run_;
};

TEST_F(Distill, TellsTheGainOverTheStudentAlone) {
    train("plain", {"--set", "/train/teachers=[]"});
    const Outcome outcome = distill({"--floor", "0", "--plain", model("plain"), "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    const json& teacher = result.at("teachers").at(0);
    EXPECT_EQ(teacher.at("model"), model("teacher"));
    EXPECT_GT(teacher.at("tasks").at("red").at("ap50").get<double>(), 0);
    EXPECT_EQ(result.at("student").at("tasks").size(), 2U);
    const json& mean = result.at("gain").at("mean").at("ap");
    const double student = mean.at("sides").at(0).at("estimate"), plain = mean.at("sides").at(1).at("estimate");
    EXPECT_NEAR(mean.at("differences").at(0).at("estimate").get<double>(), student - plain, 1e-9);
    const std::string page = read_text(run_.file("distilled/report.html"));
    EXPECT_THAT(page, AllOf(HasSubstr("Gain"), HasSubstr("Teachers"), HasSubstr("red")));
    EXPECT_TRUE(fs::exists(run_.file("distilled/run/report.html")));
}

TEST_F(Distill, TrainsAsTrainDoes) {
    ASSERT_EQ(distill({"--floor", "0"}).code, 0);
    train("trained", {});
    EXPECT_TRUE(read_text(run_.file("distilled/run/metrics.jsonl")) == read_text(run_.file("trained/metrics.jsonl")));
}

TEST_F(Distill, RefusesTeachersBelowTheFloor) {
    const Outcome refused = distill({"--floor", "1"});
    EXPECT_EQ(refused.code, 8) << refused.err;
    EXPECT_THAT(refused.err, AllOf(HasSubstr("--floor"), HasSubstr(model("teacher")), HasSubstr("\"red\"")));
    EXPECT_FALSE(fs::exists(run_.file("distilled")));
    const Outcome forced = distill({"--floor", "1", "--force", "--set", "/train/steps=2"});
    EXPECT_EQ(forced.code, 0) << forced.err;
    EXPECT_THAT(forced.err, HasSubstr("below the floor"));
}

TEST_F(Distill, RefusesWhatCannotTeach) {
    const Outcome none = distill({"--set", "/train/teachers=[]"});
    EXPECT_EQ(none.code, 2) << none.err;
    EXPECT_THAT(none.err, HasSubstr("/train/teachers"));
    const Outcome missing = distill({"--set", "/train/teachers/0/model=none.safetensors"});
    EXPECT_EQ(missing.code, 5) << missing.err;
    EXPECT_THAT(missing.err, HasSubstr("none.safetensors"));
    const Outcome unknown = distill({"--set", R"(/train/teachers/0/tasks=["green"])"});
    EXPECT_EQ(unknown.code, 2) << unknown.err;
    EXPECT_THAT(unknown.err, AllOf(HasSubstr("teacher " + model("teacher")), HasSubstr("green")));
    EXPECT_FALSE(fs::exists(run_.file("distilled")));
}

TEST_F(Distill, RefusesTeachersThatNothingJudges) {
    json config = json::parse(read_text(run_.config()));
    config["validation"].erase(1); // the set of blues
    run_.dir().write("config.json", config.dump());
    const Outcome refused = distill({"--floor", "0.001"});
    EXPECT_EQ(refused.code, 8) << refused.err;
    EXPECT_THAT(refused.err, AllOf(HasSubstr("no validation set judges"), HasSubstr("\"blue\"")));
    EXPECT_FALSE(fs::exists(run_.file("distilled")));
    const Outcome forced = distill({"--floor", "0.001", "--force", "--set", "/train/steps=2"});
    EXPECT_EQ(forced.code, 0) << forced.err;
    EXPECT_THAT(forced.err, HasSubstr("no validation set judges"));
}

TEST_F(Distill, ReadsThePlainNetworkBeforeItTrains) {
    const Outcome missing = distill({"--floor", "0", "--plain", run_.file("none.safetensors")});
    EXPECT_EQ(missing.code, 5) << missing.err;
    EXPECT_FALSE(fs::exists(run_.file("distilled")));
    train("reds", {"--set", "/train/teachers=[]", "--set", "/train/steps=1", "--tasks", "red"});
    const Outcome other_tasks = distill({"--floor", "0", "--plain", model("reds")});
    EXPECT_EQ(other_tasks.code, 2) << other_tasks.err;
    EXPECT_FALSE(fs::exists(run_.file("distilled")));
}

/// A teacher is judged at the student's size, where it is to teach.
TEST_F(Distill, JudgesTeachersAtTheSizeOfTheStudent) {
    const auto judged_at = [&](int side) {
        const Outcome outcome = distill({"--floor", "0", "--json", "--set", "/train/steps=1", "--set",
                                         "/model/input_side=" + std::to_string(side), "--set",
                                         "/loader/sides=[" + std::to_string(side) + "]"});
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        fs::remove_all(run_.file("distilled"));
        return json::parse(outcome.out).at("teachers").at(0).at("tasks").at("red").at("ap").get<double>();
    };
    const Outcome at_192 = banyan({"eval", "--model", model("teacher"), "--data", run_.config(), "--split",
                                   "validation", "--side", "192", "--json"});
    ASSERT_EQ(at_192.code, 0) << at_192.err;
    const double expected = json::parse(at_192.out).at("tasks").at("red").at("ap");
    EXPECT_NEAR(judged_at(192), expected, 1e-6);
    EXPECT_GT(std::abs(judged_at(json::parse(read_text(run_.config())).at("model").at("input_side")) - expected), 1e-6);
}

} // namespace
} // namespace banyan::test
