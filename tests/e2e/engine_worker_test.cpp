// The program that compare_engines.py starts: what it answers, and how it ends.

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

using testing::HasSubstr;

const std::string kWorker = BANYAN_BINARY_DIR "/bin/engine_worker";

class EngineWorker : public testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(kWorker)) GTEST_SKIP() << "benchmarks were not built (BANYAN_BENCHMARKS)";
    }

    /// Runs it to its end. @param commands its input
    Outcome run(const std::string& arguments, const std::string& commands) const {
        const std::string input = dir_.write("input", commands), out = dir_.file("out"), err = dir_.file("err");
        const std::string command =
            "'" + kWorker + "' " + arguments + " <'" + input + "' >'" + out + "' 2>'" + err + "'";
        const int status = std::system(command.c_str());
        return {WEXITSTATUS(status), read_text(out), read_text(err)};
    }

    TempDir dir_;
};

TEST_F(EngineWorker, AnswersWithTimesAndOutputs) {
    const std::string onnx = dir_.file("network.onnx"), picture = dir_.file("picture"), logits = dir_.file("logits");
    const Outcome outcome = run("mobilenet_v2 --precision fp32 --threads 1 --onnx '" + onnx + "'",
                                "run 2\noutput image " + picture + "\noutput logits " + logits + "\nquit\nrun 2\n");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    std::istringstream lines(outcome.out);
    std::string line;
    ASSERT_TRUE(std::getline(lines, line));
    std::istringstream times(line);
    std::vector<double> ms;
    for (double value = 0; times >> value;) ms.push_back(value);
    EXPECT_THAT(ms, testing::ElementsAre(testing::Gt(0), testing::Gt(0)));
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(lines), {}),
              "written " + picture + "\nwritten " + logits + "\n");
    EXPECT_EQ(std::filesystem::file_size(picture), 224U * 224 * 3 * sizeof(float));
    EXPECT_EQ(std::filesystem::file_size(logits), 1000U * sizeof(float));
    EXPECT_GT(std::filesystem::file_size(onnx), 1'000'000U);
}

TEST_F(EngineWorker, RefusesWhatItDoesNotKnowInOneLine) {
    const std::vector<std::pair<std::string, std::string>> wrong{{"", ""},
                                                                 {"net.onnx", ""},
                                                                 {"none.banyan.safetensors", ""},
                                                                 {"resnet18 --threads 0", ""},
                                                                 {"resnet18 --x 1", ""},
                                                                 {"mobilenet_v2", "run\n"},
                                                                 {"mobilenet_v2", "output none x\n"},
                                                                 {"mobilenet_v2", "stop\n"}};
    for (const auto& [arguments, commands] : wrong) {
        const Outcome outcome = run(arguments, commands);
        EXPECT_EQ(outcome.code, 2) << arguments << commands;
        EXPECT_EQ(outcome.out, "") << arguments << commands;
        EXPECT_THAT(outcome.err, HasSubstr("error: "));
        EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    }
}

} // namespace
} // namespace banyan::test
