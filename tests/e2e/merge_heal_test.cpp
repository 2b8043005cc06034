#include <csignal>
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
using testing::HasSubstr;

/// A trained network of two branches ("unmerged") and an untrained one of a merged branch ("merged").
class MergeHeal : public testing::Test {
protected:
    MergeHeal() {
        run_.write_config({{"steps", 150}, {"lr", 0.01}, {"ema_decay", 0.9}, {"threads", 1}});
        train("unmerged", run_.config());
        json config = json::parse(read_text(run_.config()));
        json branch = config["model"]["branches"][0];
        branch["name"] = "red+blue";
        branch["tasks"] = {"red", "blue"};
        config["model"]["branches"] = {branch};
        config["train"]["steps"] = 1;
        train("merged", run_.dir().write("merged.json", config.dump()));
    }

    void train(const std::string& name, const std::string& config) const {
        const Outcome outcome = banyan({"train", config, "--out", run_.file(name)});
        EXPECT_EQ(outcome.code, 0) << outcome.err;
    }
    std::string model(const std::string& name) const { return run_.file(name) + "/weights/last.banyan.safetensors"; }
    std::vector<std::string> heal(const std::string& out, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"merge",           "heal",     "--merged",    model("merged"), "--teacher",
                                       model("unmerged"), "--config", run_.config(), "--out",         run_.file(out),
                                       "--steps",         "30"};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    std::vector<std::string> confirm(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"merge",      "confirm",
                                       "--config",   run_.config(),
                                       "--unmerged", model("unmerged"),
                                       "--out",      run_.file("confirmed"),
                                       "--seeds",    "2",
                                       "--steps",    "6"};
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }
    std::size_t logged(const std::string& folder) const { return read_metrics_lines(run_.file(folder)).size(); }

    SmallRun run_;
};

TEST_F(MergeHeal, EndsWithTheSameBytesAfterAKill) {
    const std::vector<std::string> every{"--set", "/train/checkpoint_every=7"};
    const Outcome whole = banyan(heal("whole", {"--set", "/train/checkpoint_every=7", "--json"}));
    ASSERT_EQ(whole.code, 0) << whole.err;
    EXPECT_TRUE(json::parse(whole.out).at("tasks").contains("blue"));
    const std::vector<json> lines = read_metrics_lines(run_.file("whole"));
    EXPECT_GT(lines.front().at("losses").at("red+blue").at("teacher").get<double>(), 0);
    EXPECT_EQ(lines.front().at("losses").at("red+blue").at("rows"), 4); // the teacher knows all rows of the batch
    EXPECT_TRUE(fs::exists(run_.file("whole/plots/teacher_loss.svg")));
    {
        Process process(heal("killed", every));
        EXPECT_TRUE(
            process.wait_until([&] { return fs::exists(run_.file("killed/metrics.jsonl")) && logged("killed") >= 1; }));
        process.signal(SIGKILL);
        process.wait();
    }
    std::vector<std::string> again = heal("killed", every);
    again.emplace_back("--resume");
    const Outcome resumed = banyan(again);
    ASSERT_EQ(resumed.code, 0) << resumed.err;
    for (const char* name : {"/weights/last.banyan.safetensors", "/metrics.jsonl", "/predictions.coco.json",
                             "/checkpoint-30/state.safetensors"}) {
        EXPECT_TRUE(read_text(run_.file("killed") + name) == read_text(run_.file("whole") + name)) << name;
    }
}

TEST_F(MergeHeal, RefusesToGoOnWithAnotherTeacher) {
    // else the tasks that learn would follow from the branches of the teacher
    const std::string learn = R"(/train/learn=["red", "blue"])";
    ASSERT_EQ(banyan(heal("healed", {"--set", learn})).code, 0);
    fs::copy_file(model("merged"), model("unmerged"), fs::copy_options::overwrite_existing);
    const Outcome outcome = banyan(heal("healed", {"--set", learn, "--resume"}));
    EXPECT_EQ(outcome.code, 4) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("/train/teachers/0/model"));
}

TEST_F(MergeHeal, ConfirmsAfterAKillWhatItWouldHaveWithout) {
    const std::vector<std::string> candidates{"--candidates", model("merged"), model("unmerged"), "--max-drop", "60"};
    {
        Process process(confirm(candidates));
        EXPECT_TRUE(
            process.wait_until([&] { return fs::exists(run_.file("confirmed/candidate-1/seed-2/config.json")); }));
        process.signal(SIGTERM);
        EXPECT_THAT(process.wait().code, testing::AnyOf(143, 0, 8));
    }
    std::vector<std::string> again = confirm(candidates);
    again.insert(again.end(), {"--resume", "--json"});
    const Outcome outcome = banyan(again);
    const json told = json::parse(outcome.out);
    EXPECT_EQ(told, json::parse(read_text(run_.file("confirmed/confirm.json"))));
    const json& tried = told.at("candidates");
    for (const json& candidate : tried) {
        EXPECT_EQ(candidate.at("accepted"), candidate.at("least_difference_points") >= -60);
        EXPECT_EQ(candidate.at("runs").size(), 2U);
    }
    EXPECT_EQ(outcome.code, told.at("accepted").is_null() ? 8 : 0) << outcome.err;
}

TEST_F(MergeHeal, NoCandidateThatPassesIsAGateNotMet) {
    const Outcome outcome =
        banyan(confirm({"--candidates", model("merged"), "--max-drop", "0", "--set", "/train/lr=1e-9"}));
    EXPECT_EQ(outcome.code, 8) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("no candidate passes"));
    EXPECT_THAT(outcome.out, HasSubstr("red+blue"));
    EXPECT_TRUE(json::parse(read_text(run_.file("confirmed/confirm.json"))).at("accepted").is_null());
    EXPECT_TRUE(fs::exists(run_.file("confirmed/unmerged.banyan.safetensors")));
}

TEST_F(MergeHeal, RefusesOptionsOutOfRange) {
    const std::string candidate = model("merged");
    EXPECT_EQ(banyan(heal("x", {"--trunk-lr-scale", "11"})).code, 2);
    EXPECT_EQ(banyan(confirm({"--candidates", candidate, "--max-drop", "-1"})).code, 2);
    EXPECT_THAT(banyan(confirm({"--max-drop", "1"})).err, HasSubstr("candidates"));
}

} // namespace
} // namespace banyan::test
