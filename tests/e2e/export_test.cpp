#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/protobuf_message.h"
#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// One trained network serves all cases.
class Export : public testing::Test {
protected:
    static void SetUpTestSuite() {
        run_ = new SmallRun();
        const Outcome outcome = banyan({"train", run_->config(), "--out", run_->out()});
        ASSERT_EQ(outcome.code, 0) << outcome.err;
    }
    static void TearDownTestSuite() { delete run_; }

    Outcome export_with(const std::vector<std::string>& more, const ProcessOptions& options = {}) const {
        std::vector<std::string> words{"export", run_->model(), "--out", file()};
        words.insert(words.end(), more.begin(), more.end());
        return banyan(words, options);
    }
    std::string file() const { return dir_.file("network.onnx"); }
    /// metadata_props of the file; the numbers are those of onnx.proto.
    std::map<std::string, std::string> metadata() const {
        std::map<std::string, std::string> entries;
        for (const ProtobufMessage& entry : ProtobufMessage(read_text(file())).messages(14)) {
            entries[entry.text(1)] = entry.text(2);
        }
        return entries;
    }

    static SmallRun* run_;
    TempDir dir_;
};
SmallRun* Export::run_ = nullptr;

TEST_F(Export, WritesTheNetworkWithWhatADecoderNeeds) {
    const Outcome outcome = export_with({"--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json summary = json::parse(outcome.out);
    EXPECT_EQ(summary.at("file"), file());
    EXPECT_EQ(summary.at("opset"), 17);
    EXPECT_EQ(summary.at("bytes"), std::filesystem::file_size(file()));
    EXPECT_EQ(summary.at("input"), (json{{"image", {1, 3, 64, 64}}}));
    EXPECT_EQ(summary.at("outputs").at("red.cls.p3"), (json{1, 1, 8, 8}));

    const auto entries = metadata();
    EXPECT_EQ(json::parse(entries.at("banyan.tasks")), summary.at("tasks"));
    EXPECT_EQ(summary.at("tasks")[1].at("classes"), (json{"blue"}));
    std::size_t outputs = 0;
    for (const json& branch : json::parse(entries.at("banyan.branches"))) {
        EXPECT_EQ(branch.at("strides_px"), (json{8, 16, 32}));
        EXPECT_EQ(branch.at("anchors").at("sizes_px").size(), 3U);
        for (const char* kind : {"class_outputs", "box_outputs"}) {
            for (const json& name : branch.at(kind)) {
                ++outputs;
                EXPECT_TRUE(summary.at("outputs").contains(name)) << name;
            }
        }
    }
    EXPECT_EQ(outputs, summary.at("outputs").size());
    EXPECT_THAT(entries.at("banyan.preprocessing"), HasSubstr("RGB"));
}

TEST_F(Export, CutsTheNetworkToTasks) {
    const Outcome outcome = export_with({"--tasks", "blue", "--side", "96", "--batch", "2"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("blue.cls.p3"), Not(HasSubstr("red.")), HasSubstr("96")));
    const json branches = json::parse(metadata().at("banyan.branches"));
    ASSERT_EQ(branches.size(), 1U);
    EXPECT_EQ(branches[0].at("class_ids"), (json{1})); // as in the whole network
    const json tasks = json::parse(metadata().at("banyan.tasks"));
    ASSERT_EQ(tasks.size(), 1U);
    EXPECT_EQ(tasks[0].at("first_class_id"), 1);
}

TEST_F(Export, FoldsBatchNormsUnlessTold) {
    ASSERT_EQ(export_with({}).code, 0);
    EXPECT_THAT(read_text(file()), Not(HasSubstr("BatchNormalization")));
    ASSERT_EQ(export_with({"--keep-norms"}).code, 0);
    EXPECT_THAT(read_text(file()), HasSubstr("BatchNormalization"));
}

TEST_F(Export, RefusesWrongOptions) {
    const std::vector<std::vector<std::string>> wrong{
        {"--to", "tflite"}, {"--batch", "0"}, {"--batch", "1025"}, {"--side", "100"}, {"--tasks", "rad"}};
    for (const std::vector<std::string>& words : wrong) {
        const Outcome outcome = export_with(words);
        EXPECT_EQ(outcome.code, 2) << words[0];
        EXPECT_THAT(outcome.err, HasSubstr(words[0]));
        EXPECT_FALSE(std::filesystem::exists(file()));
    }
    EXPECT_EQ(banyan({"export", run_->config(), "--out", file()}).code, 4);
}

TEST_F(Export, KeepsTheOldFileWhenTheDiskIsFull) {
    dir_.write("network.onnx", "old");
    EXPECT_EQ(export_with({}, {.file_limit_bytes = 1000}).code, 5);
    EXPECT_EQ(read_text(file()), "old");
}

} // namespace
} // namespace banyan::test
