#include <string>

#include <gtest/gtest.h>

#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

using nlohmann::json;

/// Reds are labelled in two pictures and shown, unlabelled, in 24 more. A teacher has learned them from 24 others.
class DistillGain : public testing::Test {
protected:
    DistillGain() {
        write_squares(run_.dir(), "lesson", {{"red", "blue"}, 1000, 24});
        write_squares(run_.dir(), "few_reds", {{"red"}, 2000, 2});
        write_squares(run_.dir(), "many_blues", {{"blue"}, 3000, 24});
        write_squares(run_.dir(), "unseen", {{"red", "blue"}, 4000, 16});
        train("teacher", write_config("teacher", 450, json::array({squares_entry("lesson", {"red", "blue"})})));
    }

    std::string write_config(const std::string& name, int steps, const json& datasets) const {
        json config = json::parse(read_text(run_.config()));
        config["datasets"] = datasets;
        config["validation"] = json::array({squares_entry("unseen", {"red", "blue"})});
        config["train"].update({{"steps", steps}, {"lr", 0.01}, {"ema_decay", 0.9}, {"threads", 1}});
        return run_.dir().write(name + ".json", config.dump());
    }
    void train(const std::string& name, const std::string& config) const {
        const Outcome outcome = banyan({"train", config, "--out", run_.file(name)});
        EXPECT_EQ(outcome.code, 0) << outcome.err;
    }
    std::string model(const std::string& name) const { return run_.file(name) + "/weights/last.banyan.safetensors"; }

    SmallRun run_;
};

// With seeds 1 to 4 the mean of AP50 rose by 0.31 to 0.49 and that of red by 0.25 to 0.39. (At temperature 4 by 0.13 to
// 0.62 and -0.16 to 0.69: a better mean, but this has to hold with any rounding.)
TEST_F(DistillGain, ATeacherFillsInWhatIsNotLabelled) {
    const std::string student = write_config(
        "student", 200, json::array({squares_entry("few_reds", {"red"}), squares_entry("many_blues", {"blue"})}));
    train("plain", student);
    const std::string teachers =
        "/train/teachers=" + json::array({{{"model", model("teacher")}, {"temperature", 1}}}).dump();
    const Outcome outcome = banyan(
        {"distill", student, "--out", run_.file("taught"), "--plain", model("plain"), "--json", "--set", teachers});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json gain = json::parse(outcome.out).at("gain");
    const json& mean = gain.at("mean").at("ap50").at("differences").at(0);
    EXPECT_GT(mean.at("estimate").get<double>(), 0.1) << mean;
    EXPECT_GT(mean.at("low").get<double>(), 0) << mean;
    const json& red = gain.at("tasks").at("red").at("ap50").at("differences").at(0);
    EXPECT_GT(red.at("estimate").get<double>(), 0.1) << red;
}

} // namespace
} // namespace banyan::test
