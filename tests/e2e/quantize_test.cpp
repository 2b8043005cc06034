#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// One trained network and one that computes in 8 bits serve all cases.
class Quantized : public testing::Test {
protected:
    static void SetUpTestSuite() {
        run_ = new SmallRun();
        const Outcome trained = banyan({"train", run_->config(), "--out", run_->out()});
        ASSERT_EQ(trained.code, 0) << trained.err;
        outcome_ =
            new Outcome(banyan({"quantize", run_->model(), "--calib", run_->config(), "--out", bytes(), "--json"}));
        ASSERT_EQ(outcome_->code, 0) << outcome_->err;
    }
    static void TearDownTestSuite() {
        delete outcome_;
        delete run_;
    }

    static std::string bytes() { return run_->file("bytes.banyan.safetensors"); }
    Outcome quantize(const std::vector<std::string>& more) const {
        std::vector<std::string> words{"quantize", run_->model(), "--calib", run_->config(), "--out", other()};
        words.insert(words.end(), more.begin(), more.end());
        return banyan(words);
    }
    std::string other() const { return dir_.file("other.banyan.safetensors"); }

    static SmallRun* run_;
    static Outcome* outcome_;
    TempDir dir_;
};
SmallRun* Quantized::run_ = nullptr;
Outcome* Quantized::outcome_ = nullptr;

TEST_F(Quantized, TellsTheRangeOfEveryValue) {
    const json result = json::parse(outcome_->out);
    EXPECT_EQ(result.at("method"), "mse");
    EXPECT_EQ(result.at("images"), 2 * SmallRun::kPictures);
    ASSERT_GT(result.at("values").size(), 20U);
    for (const json& value : result.at("values")) {
        EXPECT_LE(value.at("low").get<double>(), 0) << value;
        EXPECT_GE(value.at("high").get<double>(), 0) << value;
        EXPECT_GT(value.at("scale").get<double>(), 0) << value;
    }
    EXPECT_EQ(result.at("values")[0].at("name"), "image");
}

TEST_F(Quantized, RunsInBytes) {
    const Outcome plan = banyan({"explain", bytes(), "--plan", "--json"});
    ASSERT_EQ(plan.code, 0) << plan.err;
    int in_bytes = 0;
    const json steps = json::parse(plan.out).at("steps");
    for (const json& step : steps) in_bytes += step.at("type") == "u8" ? 1 : 0;
    EXPECT_GT(in_bytes, 20);
    const Outcome found = banyan({"detect", "--model", bytes(), run_->picture(0), "--out", dir_.file("found")});
    EXPECT_EQ(found.code, 0) << found.err;
}

TEST_F(Quantized, IsJudgedAndExportedLikeOthers) {
    const Outcome judged = banyan({"eval", "--model", bytes(), "--data", run_->config(), "--json"});
    ASSERT_EQ(judged.code, 0) << judged.err;
    const Outcome exported = banyan({"export", bytes(), "--out", dir_.file("bytes.onnx")});
    ASSERT_EQ(exported.code, 0) << exported.err;
    EXPECT_THAT(read_text(dir_.file("bytes.onnx")), AllOf(HasSubstr("QuantizeLinear"), HasSubstr("DequantizeLinear")));
    const Outcome explained = banyan({"explain", bytes()});
    EXPECT_THAT(explained.out, HasSubstr("quantized: mse, 8 pictures"));
}

TEST_F(Quantized, IsExportedWithACalibrationTable) {
    const std::string file = dir_.file("plain.onnx"), table = dir_.file("table.txt");
    const Outcome outcome = banyan({"export", bytes(), "--out", file, "--calibration-table", table});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(read_text(file), Not(HasSubstr("QuantizeLinear")));
    EXPECT_THAT(read_text(table),
                AllOf(HasSubstr("EntropyCalibration2\nimage.normalised: 3"), HasSubstr("branches.red.")));
    const Outcome refused = banyan({"export", run_->model(), "--out", file, "--calibration-table", table});
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr("banyan quantize"));
}

TEST_F(Quantized, KeepsPartsInFloatThatAreNamed) {
    const std::string parts = "branches.red,trunk.backbone.features.0";
    const Outcome outcome = quantize({"--keep-float", parts, "--bias", "sequential"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Outcome plan = banyan({"explain", other(), "--plan", "--json", "--fp32"});
    const json steps = json::parse(plan.out).at("steps");
    for (const json& step : steps) {
        if (!step.at("name").get<std::string>().starts_with("branches.red.")) continue;
        EXPECT_EQ(step.at("type"), "f32") << step;
    }
}

TEST_F(Quantized, TrainsOnWithItsRounding) {
    const std::string folder = dir_.file("tuned"), tuned = folder + "/weights/last.banyan.safetensors";
    const Outcome outcome =
        banyan({"train", run_->config(), "--out", folder, "--set", "/train/init=\"" + bytes() + "\"", "--set",
                "/train/pretrained=\"\"", "--set", "/train/lr=0.0001"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json before = json::parse(banyan({"explain", bytes(), "--plan", "--json"}).out).at("steps");
    const json after = json::parse(banyan({"explain", tuned, "--plan", "--json"}).out).at("steps");
    EXPECT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].at("type"), before[i].at("type")) << after[i];
    EXPECT_NE(read_text(tuned), read_text(bytes()));
    EXPECT_EQ(banyan({"detect", "--model", tuned, run_->picture(0), "--out", dir_.file("found")}).code, 0);
}

TEST_F(Quantized, ReportsLayersByBranch) {
    const std::string page = dir_.file("report.html");
    const Outcome outcome = quantize({"--report", page, "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_GT(result.at("weights").size(), 20U);
    for (const char* branch : {"red", "blue"}) {
        const json& layers = result.at("sensitivity").at(branch).at("layers");
        EXPECT_GT(layers.size(), 20U);
        EXPECT_TRUE(layers[0].at("class_db").is_number()) << layers[0];
        EXPECT_TRUE(layers[0].at("layer").get<std::string>().starts_with("trunk.")) << layers[0];
    }
    EXPECT_THAT(read_text(page), AllOf(HasSubstr("red: layer in 8 bits"), HasSubstr("blue: layer in 8 bits")));
}

TEST_F(Quantized, KeepsAsManyLayersInFloatAsADropAllows) {
    const std::string page = dir_.file("report.html");
    const Outcome outcome =
        quantize({"--max-drop", "100", "--validate", run_->config(), "--json", "--report", page, "--threads", "1"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json all_in_bytes = json::parse(outcome.out).at("fallback");
    EXPECT_EQ(all_in_bytes.at("tries").size(), 1U); // nothing loses 100 points
    EXPECT_TRUE(all_in_bytes.at("within"));
    EXPECT_THAT(read_text(page), HasSubstr("Floating point"));
    const Outcome strict = quantize({"--max-drop", "0", "--validate", run_->config(), "--json", "--threads", "1"});
    ASSERT_EQ(strict.code, 0) << strict.err;
    const json fallback = json::parse(strict.out).at("fallback");
    const json& chosen = fallback.at("tries").at(fallback.at("chosen").get<std::size_t>());
    EXPECT_EQ(fallback.at("within"), chosen.at("worst_drop").get<double>() <= 0) << fallback;
    EXPECT_EQ(banyan({"explain", other(), "--plan"}).code, 0);
}

TEST_F(Quantized, SaysThatCalibrationDataJudgeTooWell) {
    const Outcome outcome = quantize({"--max-drop", "100", "--threads", "1"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("optimistic"));
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("float32"), HasSubstr("8 bits")));
}

TEST_F(Quantized, RefusesWhatDoesNotFit) {
    const auto refuses = [&](const Outcome& outcome, int code, const std::string& word) {
        EXPECT_EQ(outcome.code, code) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr(word));
        EXPECT_FALSE(std::filesystem::exists(other()));
    };
    refuses(quantize({"--method", "guess"}), 2, "min_max, percentile, mse, kl, best");
    refuses(quantize({"--bias", "guess"}), 2, "analytic, sequential, none");
    refuses(quantize({"--images", "0"}), 2, "--images");
    refuses(quantize({"--max-drop", "-1"}), 2, "--max-drop");
    refuses(quantize({"--validate", run_->config()}), 2, "--max-drop");
    refuses(quantize({"--max-drop", "1", "--validate", run_->config(), "--validate-split", "test"}), 2,
            "--validate-split");
    refuses(quantize({"--percentile", "101"}), 2, "--percentile");
    refuses(quantize({"--split", "test"}), 2, "datasets or validation");
    refuses(banyan({"quantize", bytes(), "--calib", run_->config(), "--out", other()}), 2, "is quantised already");
    const std::string empty = dir_.write("empty.json", R"({"datasets": []})");
    refuses(banyan({"quantize", run_->model(), "--calib", empty, "--out", other()}), 2, "empty.json");
    refuses(banyan({"quantize", dir_.file("none"), "--calib", run_->config(), "--out", other()}), 5, "none");
}

/// Of a quantised model and one that is not.
TEST_F(Quantized, IsMeasuredByBench) {
    for (const std::string& model : {bytes(), run_->model()}) {
        const Outcome outcome = banyan({"bench", model, "--rounds", "3", "--warm-up", "0", "--threads", "1", "--json"});
        ASSERT_EQ(outcome.code, 0) << outcome.err;
        const json result = json::parse(outcome.out);
        EXPECT_EQ(result.at("threads"), 1);
        EXPECT_EQ(result.at("side"), 64);
        for (const char* stage : {"total", "letterbox", "network", "boxes"}) {
            const json& ms = result.at("ms").at(stage);
            EXPECT_LE(ms.at("min").get<double>(), ms.at("median").get<double>()) << stage;
            EXPECT_LE(ms.at("median").get<double>(), ms.at("p99").get<double>()) << stage;
        }
        EXPECT_TRUE(result.at("network_ms").contains("branches.red")) << result;
    }
    const Outcome text = banyan({"bench", run_->model(), "--rounds", "2", "--tasks", "blue"});
    EXPECT_THAT(text.out, AllOf(HasSubstr("picture to boxes"), HasSubstr("branches.blue"), HasSubstr("p99")));
    EXPECT_THAT(text.out, testing::Not(HasSubstr("branches.red")));
    EXPECT_THAT(text.out, testing::Not(HasSubstr("pictures/s")));
    EXPECT_EQ(banyan({"bench", run_->model(), "--rounds", "0"}).code, 2);
}

TEST_F(Quantized, IsMeasuredByBenchInSeveralStreams) {
    const Outcome outcome = banyan({"bench", bytes(), "--streams", "3", "--rounds", "4", "--warm-up", "1", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json result = json::parse(outcome.out), &streams = result.at("streams");
    EXPECT_EQ(streams.at("count"), 3);
    EXPECT_EQ(streams.at("pictures"), 12);
    const double seconds = streams.at("seconds"), rate = streams.at("pictures_per_second");
    EXPECT_NEAR(rate, 12 / seconds, 1e-6 * rate);
    // Three streams share the seconds; none of their pictures takes longer than all.
    EXPECT_LE(4 * streams.at("ms").at("min").get<double>(), 1e3 * seconds);
    EXPECT_LE(streams.at("ms").at("p99").get<double>(), 1e3 * seconds);
    const Outcome text = banyan({"bench", bytes(), "--streams", "2", "--threads", "1", "--rounds", "2"});
    EXPECT_THAT(text.out, AllOf(HasSubstr("1 thread,"), HasSubstr("2 streams: "), HasSubstr("pictures/s")));
    EXPECT_EQ(banyan({"bench", bytes(), "--streams", "0"}).code, 2);
}

} // namespace
} // namespace banyan::test
