#include <csignal>
#include <filesystem>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/image_codec.h"
#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// One trained network serves all cases.
class Detect : public testing::Test {
protected:
    static void SetUpTestSuite() {
        run_ = new SmallRun();
        const Outcome outcome = banyan({"train", run_->config(), "--out", run_->out()});
        ASSERT_EQ(outcome.code, 0) << outcome.err;
    }
    static void TearDownTestSuite() { delete run_; }

    /// `banyan detect` with the model and a threshold that lets some boxes through.
    static Outcome detect(const std::vector<std::string>& more, const ProcessOptions& options = {}) {
        std::vector<std::string> words{"detect", "--model", run_->model(), "--score-threshold", "0.001"};
        words.insert(words.end(), more.begin(), more.end());
        return banyan(words, options);
    }
    json detections() const { return json::parse(read_text(out() + "/detections.json")); }
    std::string out() const { return dir_.file("found"); }

    static SmallRun* run_;
    TempDir dir_;
};
SmallRun* Detect::run_ = nullptr;

TEST_F(Detect, WritesBoxesAndPictures) {
    const Outcome outcome = detect({run_->file("reds"), "--out", out(), "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json summary = json::parse(outcome.out), images = detections().at("images");
    EXPECT_EQ(summary.at("images"), SmallRun::kPictures);
    EXPECT_EQ(summary.at("unreadable"), 0);
    EXPECT_EQ(summary.at("file"), out() + "/detections.json");
    ASSERT_EQ(images.size(), static_cast<std::size_t>(SmallRun::kPictures));
    EXPECT_EQ(images[1].at("file"), run_->picture(1));
    EXPECT_EQ(images[1].at("width"), 96);
    EXPECT_EQ(images[1].at("height"), 72);
    std::size_t boxes = 0;
    for (const json& image : images) {
        double last = 1;
        for (const json& found : image.at("detections")) {
            ++boxes;
            EXPECT_TRUE(found.at("task") == "red" || found.at("task") == "blue");
            EXPECT_EQ(found.at("class"), found.at("task"));
            EXPECT_LE(found.at("score").get<double>(), last);
            last = found.at("score").get<double>();
            const auto box = found.at("box_xyxy").get<std::vector<double>>();
            EXPECT_TRUE(box[0] >= 0 && box[0] < box[2] && box[2] <= 96) << found;
            EXPECT_TRUE(box[1] >= 0 && box[1] < box[3] && box[3] <= 72) << found;
        }
    }
    EXPECT_GT(boxes, 0U);
    EXPECT_EQ(summary.at("detections").at("red").get<std::size_t>() +
                  summary.at("detections").at("blue").get<std::size_t>(),
              boxes);
    const ImageInfo drawn = read_image_info(out() + "/pictures/1.jpg");
    EXPECT_EQ(drawn.width, 96);
}

TEST_F(Detect, FindsOnlyTheTasksAskedFor) {
    ASSERT_EQ(detect({run_->picture(0), "--out", out()}).code, 0);
    json all = detections().at("images")[0].at("detections"), blue = json::array();
    for (const json& found : all) {
        if (found.at("task") == "blue") blue.push_back(found);
    }
    ASSERT_EQ(detect({run_->picture(0), "--out", out(), "--tasks", "blue"}).code, 0);
    const json alone = detections().at("images")[0].at("detections");
    EXPECT_EQ(alone.size(), blue.size());
    for (const json& found : alone) EXPECT_EQ(found.at("task"), "blue");
}

TEST_F(Detect, SuggestsTheTaskThatWasMeant) {
    const Outcome outcome = detect({run_->picture(0), "--out", out(), "--tasks", "blu"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("unknown task \"blu\""), HasSubstr("did you mean \"blue\"")));
    EXPECT_FALSE(std::filesystem::exists(out()));
}

TEST_F(Detect, RefusesOptionsOutOfRange) {
    for (const std::vector<std::string>& option :
         {std::vector<std::string>{"--side", "65"}, {"--nms-iou", "0"}, {"--threads", "-1"}, {"--format", "xml"}}) {
        std::vector<std::string> words{run_->picture(0), "--out", out()};
        words.insert(words.end(), option.begin(), option.end());
        EXPECT_EQ(detect(words).code, 2) << option[0];
    }
}

TEST_F(Detect, WritesCocoResultsThatEvalReads) {
    const Outcome outcome = detect({run_->file("reds"), "--out", out(), "--format", "coco", "--no-images"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(out() + "/pictures"));
    const json mapping = json::parse(read_text(out() + "/images.coco.json"));
    EXPECT_EQ(mapping.at("images")[2].at("file_name"), run_->picture(2));
    EXPECT_EQ(mapping.at("categories")[1], (json{{"id", 2}, {"name", "blue"}, {"supercategory", "blue"}}));
    // Pictures have the ids of the data set's own file here, and "red" is category 1 in both.
    const Outcome judged = banyan({"eval", "--ground-truth", run_->file("reds/instances.json"), "--predictions",
                                   out() + "/predictions.coco.json", "--json"});
    ASSERT_EQ(judged.code, 0) << judged.err;
    EXPECT_GE(json::parse(judged.out).at("stats")[0].get<double>(), 0);
}

TEST_F(Detect, ProcessesTheGoodPicturesAndListsTheBadOnes) {
    const std::string bytes = read_text(run_->picture(0));
    const std::string half = dir_.write("in/half.jpg", bytes.substr(0, bytes.size() / 2));
    const std::string text = dir_.write("in/text.png", "no picture");
    dir_.write("in/good.JPEG", bytes);
    dir_.write("in/notes.txt", "passed over");
    const Outcome outcome = detect({dir_.file("in"), dir_.file("none.jpg"), "--out", out(), "--json"});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(half), HasSubstr(text), HasSubstr("none.jpg"), HasSubstr("3 ")));
    EXPECT_EQ(json::parse(outcome.out).at("unreadable"), 3);
    const json images = detections().at("images");
    ASSERT_EQ(images.size(), 1U);
    EXPECT_EQ(images[0].at("file"), dir_.file("in/good.JPEG"));
}

TEST_F(Detect, ShowsTwentyBadPicturesAndCountsAll) {
    for (int i = 0; i < 30; ++i) dir_.write("in/" + std::to_string(i) + ".jpg", "no picture");
    const Outcome outcome = detect({dir_.file("in"), "--out", out()});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("30"), HasSubstr("[20]"), testing::Not(HasSubstr("[21]"))));
}

TEST_F(Detect, GivesPicturesOfOneNameFilesOfTheirOwn) {
    const std::string bytes = read_text(run_->picture(0));
    dir_.write("a/same.jpg", bytes);
    dir_.write("b/same.jpg", bytes);
    ASSERT_EQ(detect({dir_.file("a"), dir_.file("b"), dir_.file("a/same.jpg"), "--out", out()}).code, 0);
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(out() + "/pictures"))
        names.insert(entry.path().filename());
    EXPECT_THAT(names, ElementsAre("same-2.jpg", "same.jpg"));
}

TEST_F(Detect, RefusesDamagedAndForeignModels) {
    const auto code_with = [&](const std::string& model) {
        return banyan({"detect", "--model", model, run_->picture(0), "--out", out()}).code;
    };
    const std::string bytes = read_text(run_->model());
    EXPECT_EQ(code_with(dir_.write("cut.safetensors", bytes.substr(0, bytes.size() - 1))), 4);
    std::string flipped = bytes;
    flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 4);
    EXPECT_EQ(code_with(dir_.write("flipped.safetensors", flipped)), 4);
    EXPECT_EQ(code_with(run_->picture(0)), 4);
    EXPECT_EQ(code_with(dir_.file("none.safetensors")), 5);
}

TEST_F(Detect, KeepsTheOldResultWhenTheDiskIsFull) {
    dir_.write("found/detections.json", "the old result");
    const Outcome outcome = detect({run_->file("reds"), "--out", out(), "--no-images"}, {.file_limit_bytes = 100});
    EXPECT_EQ(outcome.code, 5) << outcome.err;
    EXPECT_EQ(read_text(out() + "/detections.json"), "the old result");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(out()), {}), 1) << "no temporary file is left";
}

TEST_F(Detect, WritesTheSameWithAnyNumberOfStreams) {
    dir_.write("in/broken.jpg", "no picture");
    for (int i = 0; i < 9; ++i) dir_.write("in/" + std::to_string(i) + ".jpg", read_text(run_->picture(0)));
    std::vector<std::string> written;
    for (const char* streams : {"1", "3", "20"}) {
        const Outcome outcome = detect({dir_.file("in"), "--out", out(), "--no-images", "--streams", streams});
        EXPECT_EQ(outcome.code, 3) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr("broken.jpg"));
        written.push_back(read_text(out() + "/detections.json"));
    }
    EXPECT_EQ(written[0], written[1]);
    EXPECT_EQ(written[0], written[2]);
    EXPECT_EQ(detect({dir_.file("in"), "--out", out(), "--streams", "0"}).code, 2);
}

TEST_F(Detect, StopsOnASignal) {
    const std::string bytes = read_text(run_->picture(0));
    for (int i = 0; i < 2000; ++i) dir_.write("in/" + std::to_string(i) + ".jpg", bytes);
    Process process({"detect", "--model", run_->model(), dir_.file("in"), "--out", out()});
    EXPECT_TRUE(process.wait_until([&] { return std::filesystem::exists(out() + "/pictures"); }));
    process.signal(SIGINT);
    const Outcome outcome = process.wait();
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(out() + "/detections.json"));
}

} // namespace
} // namespace banyan::test
