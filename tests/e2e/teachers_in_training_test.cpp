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
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Two trained networks, one with a wider neck that gives hints and one of the task "blue" only, and a student of both.
class TeachersInTraining : public testing::Test {
protected:
    TeachersInTraining() {
        run_.write_config({{"steps", 20}, {"lr", 0.01}, {"threads", 1}});
        json wide = json::parse(read_text(run_.config()));
        wide["model"]["neck"]["channels"] = 24;
        train({run_.dir().write("wide.json", wide.dump()), "--out", run_.file("wide")});
        train({run_.config(), "--out", run_.file("blue"), "--tasks", "blue"});
        const std::string level = "trunk.neck.smooth.p4.act";
        const json hints = json::array({{{"value", level}}, {{"value", level}, {"kind", "cwd"}, {"weight", 0.5}}});
        const json first{{"model", model("wide")}, {"hints", hints}},
            second{{"model", model("blue")}, {"tasks", {"blue"}}};
        run_.write_config({{"steps", 16},
                           {"lr", 0.01},
                           {"threads", 1},
                           {"checkpoint_every", 5},
                           {"teachers", json::array({first, second})}});
    }

    static void train(std::vector<std::string> words) {
        words.insert(words.begin(), "train");
        const Outcome outcome = banyan(words);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
    }
    std::string model(const std::string& name) const { return run_.file(name) + "/weights/last.banyan.safetensors"; }
    std::vector<std::string> student(const std::string& out) const {
        return {"train", run_.config(), "--out", run_.file(out)};
    }
    std::size_t logged(const std::string& folder) const { return read_metrics_lines(run_.file(folder)).size(); }

    SmallRun run_;
};

TEST_F(TeachersInTraining, EndWithTheSameBytesAfterAKill) {
    const Outcome whole = banyan(student("whole"));
    ASSERT_EQ(whole.code, 0) << whole.err;
    EXPECT_THAT(whole.err, AllOf(HasSubstr("teacher " + model("wide")), HasSubstr("teacher " + model("blue"))));
    const std::vector<json> lines = read_metrics_lines(run_.file("whole"));
    EXPECT_GT(lines.at(0).at("hints").get<double>(), lines.at(15).at("hints").get<double>());
    EXPECT_GT(lines.at(0).at("losses").at("blue").at("teacher").get<double>(), 0);
    EXPECT_TRUE(fs::exists(run_.file("whole/plots/hint_loss.svg")));
    {
        Process process(student("killed"));
        EXPECT_TRUE(
            process.wait_until([&] { return fs::exists(run_.file("killed/metrics.jsonl")) && logged("killed") >= 7; }));
        process.signal(SIGKILL);
        process.wait();
    }
    std::vector<std::string> again = student("killed");
    again.emplace_back("--resume");
    const Outcome resumed = banyan(again);
    ASSERT_EQ(resumed.code, 0) << resumed.err;
    for (const char* name :
         {"/weights/last.banyan.safetensors", "/metrics.jsonl", "/checkpoint-16/state.safetensors"}) {
        EXPECT_TRUE(read_text(run_.file("killed") + name) == read_text(run_.file("whole") + name)) << name;
    }
    EXPECT_THAT(read_text(run_.file("whole") + "/checkpoint-16/state.safetensors"),
                HasSubstr("model.hints.0.0.weight"));
    EXPECT_THAT(read_text(model("whole")), Not(HasSubstr("hints.0.0")));
}

/// What 8 bits lose, the float network knows.
TEST_F(TeachersInTraining, TeachTheirQuantisedSelf) {
    const std::string bytes = run_.file("bytes.banyan.safetensors"), config = run_.file("wide.json");
    const Outcome quantised = banyan({"quantize", model("wide"), "--calib", config, "--out", bytes});
    ASSERT_EQ(quantised.code, 0) << quantised.err;
    const json teacher{
        {"model", model("wide")}, {"refine_weight", 1}, {"hints", {{{"value", "trunk.neck.smooth.p4.act"}}}}};
    const Outcome outcome = banyan({"train", config, "--out", run_.file("tuned"), "--set",
                                    "/train/init=\"" + bytes + "\"", "--set", "/train/steps=3", "--set",
                                    "/train/lr=0.0001", "--set", "/train/teachers=" + json::array({teacher}).dump()});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json first = read_metrics_lines(run_.file("tuned")).at(0);
    EXPECT_GT(first.at("losses").at("red").at("teacher").get<double>(), 0);
    EXPECT_GT(first.at("hints").get<double>(), 0);
    const Outcome bench = banyan({"bench", model("tuned"), "--rounds", "1", "--warm-up", "0", "--json"});
    EXPECT_EQ(bench.code, 0) << bench.err;
}

TEST_F(TeachersInTraining, RefuseWhatDoesNotFit) {
    const auto refused = [&](const std::string& change) {
        std::vector<std::string> words = student("refused");
        words.insert(words.end(), {"--set", change});
        const Outcome outcome = banyan(words);
        EXPECT_EQ(outcome.code, 2) << outcome.err;
        EXPECT_FALSE(fs::exists(run_.file("refused")));
        return outcome.err;
    };
    EXPECT_THAT(refused(R"(/train/teachers/1/tasks=["red"])"), AllOf(HasSubstr(model("blue")), HasSubstr("red")));
    EXPECT_THAT(refused("/train/teachers/0/hints/0/value=trunk.neck.smooth.p9.act"),
                HasSubstr("trunk.neck.smooth.p9.act"));
    EXPECT_THAT(refused("/train/teachers/0/hints/0/adaptor=false"), HasSubstr("\"adaptor\": true"));
    EXPECT_THAT(refused("/train/teachers/0/model="), HasSubstr("/train/teachers/0/model"));
}

} // namespace
} // namespace banyan::test
