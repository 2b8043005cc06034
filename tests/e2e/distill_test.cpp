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
    EXPECT_THAT(unknown.err, HasSubstr("green"));
    EXPECT_FALSE(fs::exists(run_.file("distilled")));
}

} // namespace
} // namespace banyan::test
