#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"
#include "tests/graph/onnx_file.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_dir.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

/// `banyan bench` of a network of another project: 24 x 32 pixels, two convolutions; behind them a decoding that cannot
/// be imported.
class BenchOnnx : public ::testing::Test {
protected:
    void SetUp() override {
        OnnxFile file({1, 3, 24, 32});
        file.floats("w1", {8, 3, 3, 3});
        file.node("Conv", {"image", "w1"}, "first", {{"pads", std::vector<std::int64_t>(4, 1)}});
        file.node("Relu", {"first"}, "active");
        file.floats("w2", {4, 8, 1, 1});
        file.node("Conv", {"active", "w2"}, "second");
        file.output("second", {1, 4, 24, 32});
        file_ = dir_.write("small.onnx", file.bytes());
        file.node("TopK", {"second"}, "best");
        file.output("best", {1, 4});
        decoding_ = dir_.write("decoding.onnx", file.bytes());
    }
    static Outcome bench(const std::string& file, const std::vector<std::string>& more) {
        std::vector<std::string> words{"bench", file, "--rounds", "3", "--warm-up", "1"};
        words.insert(words.end(), more.begin(), more.end());
        return banyan(words);
    }
    static void expect_refused(const Outcome& outcome, int code, const std::string& word) {
        EXPECT_EQ(outcome.code, code) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr(word));
        EXPECT_EQ(outcome.out, "");
    }

    TempDir dir_;
    std::string file_, decoding_;
};

TEST_F(BenchOnnx, TimesThePassAndItsSteps) {
    const Outcome outcome = bench(file_, {"--threads", "1", "--fp32", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result.at("height"), 24);
    EXPECT_EQ(result.at("width"), 32);
    EXPECT_EQ(result.at("precision"), "fp32");
    EXPECT_EQ(result.at("threads"), 1);
    EXPECT_FALSE(result.contains("tasks"));
    ASSERT_EQ(result.at("ms").size(), 1U);
    EXPECT_GT(result.at("ms").at("network").at("min").get<double>(), 0);
    EXPECT_EQ(result.at("network_ms").size(), 3U) << "the relu is part of its convolution: " << outcome.out;
    for (const char* step : {"input", "first", "second"}) EXPECT_TRUE(result.at("network_ms").contains(step)) << step;
    const Outcome text = bench(file_, {});
    EXPECT_THAT(text.out, AllOf(HasSubstr("24 x 32 px"), HasSubstr("  network "), HasSubstr("    second ")));
}

TEST_F(BenchOnnx, TimesPartsOfTheFileAndEveryOperatorByItself) {
    const Outcome begin = bench(decoding_, {"--outputs", "active", "--without", "fuse_operators", "--json"});
    ASSERT_EQ(begin.code, 0) << begin.err;
    const json steps = json::parse(begin.out).at("network_ms");
    EXPECT_TRUE(steps.contains("active")) << steps;
    EXPECT_FALSE(steps.contains("second")) << steps;
}

TEST_F(BenchOnnx, TellsThePicturesASecondOfStreams) {
    const Outcome outcome = bench(file_, {"--streams", "3", "--threads", "1", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json streams = json::parse(outcome.out).at("streams");
    EXPECT_EQ(streams.at("count"), 3);
    EXPECT_EQ(streams.at("pictures"), 9);
    const double seconds = streams.at("seconds"), rate = streams.at("pictures_per_second");
    EXPECT_NEAR(rate, 9 / seconds, 1e-6 * rate);
    // One stream does a third of the pictures or more; none of them takes longer than all.
    EXPECT_LE(3 * streams.at("ms").at("min").get<double>(), 1e3 * seconds);
    EXPECT_LE(streams.at("ms").at("p99").get<double>(), 1e3 * seconds);
    EXPECT_THAT(bench(file_, {"--streams", "2"}).out, AllOf(HasSubstr("2 streams: "), HasSubstr("pictures/s")));
    EXPECT_FALSE(json::parse(bench(file_, {"--json"}).out).contains("streams"));
}

TEST_F(BenchOnnx, RefusesWhatDoesNotFit) {
    for (const char* option : {"--tasks", "--side", "--picture"}) {
        expect_refused(bench(file_, {option, "64"}), 2, std::string(option) + ": means nothing for");
    }
    expect_refused(bench(file_, {"--without", "defer_boxes"}), 2, "fuse_operators");
    expect_refused(bench(file_, {"--threads", "-1"}), 2, "--threads");
    expect_refused(bench(file_, {"--streams", "0"}), 2, "--streams");
    expect_refused(bench(file_, {"--outputs", "third"}), 4, "third");
    expect_refused(bench(decoding_, {}), 4, "TopK");
    expect_refused(bench(dir_.write("damaged.onnx", "nothing"), {}), 4, "damaged.onnx");
    expect_refused(bench(dir_.file("none.onnx"), {}), 5, "none.onnx");
    expect_refused(bench(dir_.file("model.safetensors"), {"--outputs", "a"}), 2, "--outputs");
}

TEST_F(BenchOnnx, MeasuresADetectorOfAnotherProject) {
    if (!has_shared_data("weights/detectors")) GTEST_SKIP() << "needs shared data";
    const Outcome outcome = bench(shared_path("weights/detectors/fastestdet_coco80.onnx"), {"--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(json::parse(outcome.out).at("width"), 352);
}

} // namespace
} // namespace banyan::test
