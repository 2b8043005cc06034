// The programs that compare_engines.py and end_to_end.py start: what they answer, and how they end.

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/image_codec.h"
#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

using testing::HasSubstr;

/// One of the programs.
class Worker : public testing::Test {
protected:
    explicit Worker(const std::string& name) : program_(BANYAN_BINARY_DIR "/bin/" + name) {}

    void SetUp() override {
        if (!std::filesystem::exists(program_)) GTEST_SKIP() << "benchmarks were not built (BANYAN_BENCHMARKS)";
    }

    /// Runs it to its end. @param commands its input
    Outcome run(const std::string& arguments, const std::string& commands) const {
        const std::string input = dir_.write("input", commands), out = dir_.file("out"), err = dir_.file("err");
        const std::string command =
            "'" + program_ + "' " + arguments + " <'" + input + "' >'" + out + "' 2>'" + err + "'";
        const int status = std::system(command.c_str());
        return {WEXITSTATUS(status), read_text(out), read_text(err)};
    }

    /// Every pair of arguments and commands must be refused in one line.
    void expect_refused(const std::vector<std::pair<std::string, std::string>>& wrong) const {
        for (const auto& [arguments, commands] : wrong) {
            const Outcome outcome = run(arguments, commands);
            EXPECT_EQ(outcome.code, 2) << arguments << commands;
            EXPECT_EQ(outcome.out, "") << arguments << commands;
            EXPECT_THAT(outcome.err, HasSubstr("error: "));
            EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
        }
    }

    TempDir dir_;

private:
    std::string program_;
};

class EngineWorker : public Worker {
protected:
    EngineWorker() : Worker("engine_worker") {}
};

class DetectWorker : public Worker {
protected:
    DetectWorker() : Worker("detect_worker") {}
};

std::vector<double> numbers_of(const std::string& line) {
    std::istringstream words(line);
    return {std::istream_iterator<double>(words), std::istream_iterator<double>()};
}

TEST_F(EngineWorker, AnswersWithTimesAndOutputs) {
    const std::string onnx = dir_.file("network.onnx"), picture = dir_.file("picture"), logits = dir_.file("logits");
    const Outcome outcome = run("mobilenet_v2 --precision fp32 --threads 1 --onnx '" + onnx + "'",
                                "run 2\noutput image " + picture + "\noutput logits " + logits + "\nquit\nrun 2\n");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    std::istringstream lines(outcome.out);
    std::string line;
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_THAT(numbers_of(line), testing::ElementsAre(testing::Gt(0), testing::Gt(0)));
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(lines), {}),
              "written " + picture + "\nwritten " + logits + "\n");
    EXPECT_EQ(std::filesystem::file_size(picture), 224U * 224 * 3 * sizeof(float));
    EXPECT_EQ(std::filesystem::file_size(logits), 1000U * sizeof(float));
    EXPECT_GT(std::filesystem::file_size(onnx), 1'000'000U);
}

TEST_F(EngineWorker, QuantisesOnPictures) {
    const std::string onnx = dir_.file("network.onnx"), logits = dir_.file("logits"), pictures = dir_.file("pictures");
    std::filesystem::create_directory(pictures);
    write_jpeg(pictures + "/a.jpg", Image(40, 30));
    const Outcome outcome =
        run("mobilenet_v2 --precision int8 --threads 1 --pictures '" + pictures + "' --onnx '" + onnx + "'",
            "run 1\noutput logits " + logits + "\n");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(std::filesystem::file_size(logits), 1000U * sizeof(float));
    EXPECT_LT(std::filesystem::file_size(onnx), 4'000'000U); // in float32 3.5 million weights take 14 MB
    EXPECT_THAT(read_text(onnx), HasSubstr("QuantizeLinear"));
}

TEST_F(EngineWorker, RefusesWhatItDoesNotKnowInOneLine) {
    expect_refused({{"", ""},
                    {"net.onnx", ""},
                    {"none.banyan.safetensors", ""},
                    {"resnet18 --threads 0", ""},
                    {"resnet18 --precision int4", ""},
                    {"resnet18 --x 1", ""},
                    {"mobilenet_v2 --pictures '" + dir_.file("none") + "'", ""},
                    {"mobilenet_v2", "run\n"},
                    {"mobilenet_v2", "output none x\n"},
                    {"mobilenet_v2", "stop\n"}});
}

TEST_F(DetectWorker, FindsWhatDetectFinds) {
    const SmallRun small;
    const Outcome trained = banyan({"train", small.config(), "--out", small.out()});
    ASSERT_EQ(trained.code, 0) << trained.err;
    const Outcome outcome = run("'" + small.model() + "' 1 0.001 0.6 5", "detect " + small.picture(0) + "\nquit\n");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const std::vector<double> numbers = numbers_of(outcome.out);

    const Outcome detected =
        banyan({"detect", "--model", small.model(), small.picture(0), "--out", dir_.file("found"), "--score-threshold",
                "0.001", "--nms-iou", "0.6", "--max-detections", "5", "--threads", "1", "--no-images"});
    ASSERT_EQ(detected.code, 0) << detected.err;
    const auto found =
        nlohmann::json::parse(read_text(dir_.file("found") + "/detections.json")).at("images")[0].at("detections");
    ASSERT_GT(found.size(), 0U);
    ASSERT_EQ(numbers.size(), 4 + 6 * found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_NEAR(numbers[4 + 6 * i + 1], found[i].at("score").get<double>(), 1e-4);
        for (std::size_t side = 0; side < 4; ++side) {
            EXPECT_NEAR(numbers[4 + 6 * i + 2 + side], found[i].at("box_xyxy")[side].get<double>(), 1e-2);
        }
    }
}

TEST_F(DetectWorker, RefusesWhatItDoesNotKnowInOneLine) {
    expect_refused({{"", ""}, {"none 1 0.5 0.6 100", ""}, {"none x 0.5 0.6 100", ""}, {"none 1 2 0.6 100", ""}});
}

} // namespace
} // namespace banyan::test
