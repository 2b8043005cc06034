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

constexpr const char* kCutRun = "runs/red+blue-plain-1"; // the third of the grid

/// A grid of two plans and two seeds over a small run.
class Ablate : public testing::Test {
protected:
    Ablate() { write_grid({{"plain", json::object()}}); }

    void write_grid(const std::vector<std::pair<std::string, json>>& variants) const {
        json grid{{"schema_version", 1},
                  {"base", "config.json"},
                  {"plans", {"red | blue", "red+blue"}},
                  {"seeds", {1, 2}},
                  {"variants", json::array()}};
        for (const auto& [name, set] : variants) grid["variants"].push_back({{"name", name}, {"set", set}});
        run_.dir().write("grid.json", grid.dump());
    }

    std::vector<std::string> words(const std::string& out) const {
        return {"ablate", run_.file("grid.json"), "--out", run_.file(out), "--json"};
    }
    json show(const std::string& out) const {
        const Outcome outcome = banyan({"ablate", "show", run_.file(out), "--json"});
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        return json::parse(outcome.out);
    }

    SmallRun run_;
};

/// What is the same in any two trainings of the grid.
json numbers_of(const json& shown) {
    json numbers = json::array();
    for (const json& cell : shown.at("cells")) {
        json entry{{"plan", cell.at("plan")}, {"tasks", cell.at("tasks")}, {"mean", cell.at("mean")}};
        for (const json& run : cell.at("runs")) entry["configs"].push_back(run.at("config_hash"));
        numbers.push_back(entry);
    }
    return numbers;
}

TEST_F(Ablate, GoesOnAfterAKillToTheSameBytes) {
    run_.write_config({{"steps", 12}, {"checkpoint_every", 2}});
    ASSERT_EQ(banyan(words("whole")).code, 0);
    {
        Process process(words("cut"));
        const std::string folder = run_.file("cut/") + kCutRun;
        ASSERT_TRUE(process.wait_until([&] { return fs::exists(folder) && read_metrics_lines(folder).size() >= 5; }));
        process.signal(SIGKILL);
        EXPECT_EQ(process.wait().code, 128 + SIGKILL);
    }
    const json stopped = show("cut");
    EXPECT_EQ(stopped.at("cells")[0].at("finished"), 2);
    EXPECT_EQ(stopped.at("cells")[1].at("runs")[0].at("state"), "begun");
    EXPECT_EQ(stopped.at("cells")[1].at("runs")[1].at("state"), "planned");
    const auto finished = fs::last_write_time(run_.file("cut/runs/red_blue-plain-1/weights/last.banyan.safetensors"));

    const Outcome outcome = banyan(words("cut"));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("resumed"), HasSubstr("run 3 of 4"), Not(HasSubstr("run 2 of 4"))));
    EXPECT_EQ(numbers_of(json::parse(outcome.out)), numbers_of(show("whole")));
    for (const char* file : {"metrics.jsonl", "predictions.coco.json", "weights/last.banyan.safetensors"}) {
        const std::string name = std::string("/") + kCutRun + "/" + file;
        EXPECT_TRUE(read_text(run_.file("cut") + name) == read_text(run_.file("whole") + name)) << file;
    }
    EXPECT_EQ(fs::last_write_time(run_.file("cut/runs/red_blue-plain-1/weights/last.banyan.safetensors")), finished);
}

TEST_F(Ablate, WritesACheckpointOnSigint) {
    run_.write_config({{"steps", 400}});
    Process process(words("grid"));
    const std::string folder = run_.file("grid/runs/red_blue-plain-1");
    ASSERT_TRUE(process.wait_until([&] { return fs::exists(folder) && !read_metrics_lines(folder).empty(); }));
    process.signal(SIGINT);
    const Outcome outcome = process.wait();
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("the same command goes on"));
    EXPECT_FALSE(fs::is_empty(folder));
    EXPECT_TRUE(fs::exists(folder + "/weights/last.banyan.safetensors"));
    EXPECT_GT(show("grid").at("cells")[0].at("runs")[0].at("seconds").get<double>(), 0);
}

TEST_F(Ablate, ShowsComparesAndExports) {
    ASSERT_EQ(banyan(words("grid")).code, 0);
    const std::string grid = run_.file("grid");
    const Outcome table = banyan({"ablate", "show", grid, "--sort", "macs", "--metric", "ap50", "--csv",
                                  run_.file("grid.csv"), "--report", run_.file("grid.html")});
    ASSERT_EQ(table.code, 0) << table.err;
    EXPECT_LT(table.out.find("red+blue / plain"), table.out.find("red | blue / plain")) << table.out;
    EXPECT_THAT(read_text(run_.file("grid.csv")), HasSubstr("2,red+blue,,plain,1,done,blue,ap,"));
    EXPECT_THAT(read_text(run_.file("grid.html")), AllOf(HasSubstr("<svg"), HasSubstr("Differences from #2 red+blue")));

    const Outcome compared = banyan({"ablate", "compare", grid, "1", "red + blue", "--resamples", "50", "--json"});
    ASSERT_EQ(compared.code, 0) << compared.err;
    const json result = json::parse(compared.out);
    EXPECT_EQ(result.at("seeds"), (json{1, 2}));
    EXPECT_EQ(result.at("resample_seeds"), true);
    EXPECT_EQ(result.at("sides")[1].at("cell"), "red+blue / plain");
    for (std::size_t cell = 0; cell < 2; ++cell) {
        EXPECT_NEAR(result.at("tasks").at("red").at("ap").at("sides")[cell].at("estimate").get<double>(),
                    show("grid").at("cells")[cell].at("tasks").at("red").at("mean").get<double>(), 1e-9);
    }
    EXPECT_THAT(banyan({"ablate", "compare", grid, "1", "2", "--resamples", "50"}).out,
                AllOf(HasSubstr("A = red | blue / plain"), HasSubstr("A - B")));
    const Outcome unknown = banyan({"ablate", "compare", grid, "1", "red+bleu / plain"});
    EXPECT_EQ(unknown.code, 2);
    EXPECT_THAT(unknown.err, HasSubstr("did you mean \"red+blue / plain\""));
}

TEST_F(Ablate, GrowsButDoesNotMixConfigs) {
    ASSERT_EQ(banyan(words("grid")).code, 0);
    write_grid({{"plain", json::object()}, {"longer one", {{"/train/steps", 4}}}});
    const Outcome grown = banyan(words("grid"));
    ASSERT_EQ(grown.code, 0) << grown.err;
    EXPECT_EQ(json::parse(grown.out).at("cells").size(), 4U);
    write_grid({{"plain", {{"/train/steps", 5}}}});
    const Outcome changed = banyan(words("grid"));
    EXPECT_EQ(changed.code, 2);
    EXPECT_THAT(changed.err, AllOf(HasSubstr("red | blue / plain"), HasSubstr("/train/steps was 3, is 5")));
    write_grid({{"longer-one", {{"/train/steps", 4}}}});
    const Outcome renamed = banyan(words("grid"));
    EXPECT_EQ(renamed.code, 2);
    EXPECT_THAT(renamed.err,
                AllOf(HasSubstr("runs/red_blue-longer-one-1"), HasSubstr("/ longer one"), HasSubstr("old name")));
}

TEST_F(Ablate, FailedRunDoesNotStopTheOthers) {
    // Each of its steps multiplies the weights by 1 - lr * weight_decay = -9, up to overflow.
    write_grid({{"wild",
                 {{"/train/lr", 10},
                  {"/train/weight_decay", 1},
                  {"/train/warmup_steps", 0},
                  {"/train/clip_norm", 0},
                  {"/train/backbone_lr_scale", 1}}},
                {"plain", json::object()}});
    run_.write_config({{"steps", 60}});
    const Outcome outcome = banyan(words("grid"));
    ASSERT_EQ(outcome.code, 6) << outcome.err;
    const json shown = json::parse(outcome.out);
    for (const json& cell : shown.at("cells")) {
        const bool is_wild = cell.at("variant") == "wild";
        EXPECT_EQ(cell.at("finished"), is_wild ? 0 : 2);
        EXPECT_EQ(cell.at("runs")[0].at("state"), is_wild ? "failed" : "done");
    }
    EXPECT_THAT(outcome.err, HasSubstr("--retry"));
}

TEST_F(Ablate, TwoProcessesShareAGrid) {
    run_.write_config({{"steps", 20}});
    const ProcessOptions options{.environment = {"OMP_NUM_THREADS=1"}};
    Process first(words("grid"), options), second(words("grid"), options);
    const Outcome a = first.wait(), b = second.wait();
    EXPECT_EQ(a.code, 0) << a.err;
    EXPECT_EQ(b.code, 0) << b.err;
    const json shown = show("grid");
    for (const json& cell : shown.at("cells")) EXPECT_EQ(cell.at("finished"), 2);
}

TEST_F(Ablate, RefusesWhatIsNoGridFolder) {
    EXPECT_EQ(banyan({"ablate", "show", run_.file("none")}).code, 5);
    run_.dir().write("foreign/ablation.sqlite", std::string(5000, 'x'));
    EXPECT_EQ(banyan({"ablate", "show", run_.file("foreign")}).code, 4);
    EXPECT_EQ(banyan(words("foreign")).code, 4);
    EXPECT_EQ(banyan({"ablate", "compare", run_.file("none"), "1"}).code, 2);
}

} // namespace
} // namespace banyan::test
