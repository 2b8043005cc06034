#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kGroundTruth = R"({
  "images": [{"id": 7}, {"id": 9}],
  "categories": [{"id": 1, "name": "cat"}],
  "annotations": [
    {"id": 1, "image_id": 7, "category_id": 1, "bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0},
    {"id": 2, "image_id": 9, "category_id": 1, "bbox": [0, 0, 50, 40], "area": 2000, "iscrowd": 0}]})";

/// One perfect box, and one whose IoU is 40 / 50 = 0.8: found at the 7 thresholds 0.5, 0.55 … 0.8 and missed at 3.
constexpr const char* kPredictions = R"([
  {"image_id": 7, "category_id": 1, "bbox": [10, 10, 20, 20], "score": 0.9},
  {"image_id": 9, "category_id": 1, "bbox": [0, 0, 40, 40], "score": 0.8}])";

TEST(EvalFiles, JudgesCocoFiles) {
    const TempDir dir;
    const Outcome outcome = banyan({"eval", "--ground-truth", dir.write("gt.json", kGroundTruth), "--predictions",
                                    dir.write("dt.json", kPredictions), "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json report = json::parse(outcome.out);
    const auto stats = report.at("stats").get<std::vector<double>>();
    ASSERT_EQ(stats.size(), 12U);
    // Where the second box is missed, precision is 1 up to recall 0.5: 51 of the 101 points.
    EXPECT_NEAR(stats[0], (7 + 3 * 51.0 / 101) / 10, 1e-9);
    EXPECT_NEAR(stats[1], 1, 1e-9);
    EXPECT_NEAR(stats[2], 1, 1e-9);
    EXPECT_NEAR(stats[8], (7 + 3 * 0.5) / 10, 1e-9);
    EXPECT_EQ(report.at("per_class").at("cat").at("true_positives_50"), 2);
    EXPECT_TRUE(report.at("notes").contains("unknown_category_detections"));
    EXPECT_GE(report.at("seconds").at("match").get<double>(), 0);
}

TEST(EvalFiles, PrintsATable) {
    const TempDir dir;
    const Outcome outcome = banyan({"eval", "--ground-truth", dir.write("gt.json", kGroundTruth), "--predictions",
                                    dir.write("dt.json", kPredictions)});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("cat"));
}

TEST(EvalFiles, RefusesWhatDoesNotBelongTogether) {
    const TempDir dir;
    const std::string truth = dir.write("gt.json", kGroundTruth), found = dir.write("dt.json", kPredictions);
    EXPECT_EQ(banyan({"eval"}).code, 2);
    EXPECT_EQ(banyan({"eval", "--ground-truth", truth}).code, 2);
    EXPECT_EQ(banyan({"eval", "--model", "m.safetensors"}).code, 2);
    const Outcome both = banyan({"eval", "--ground-truth", truth, "--predictions", found, "--side", "64"});
    EXPECT_EQ(both.code, 2);
    EXPECT_THAT(both.err, HasSubstr("--side"));
}

TEST(EvalFiles, NamesTheFileThatIsBroken) {
    const TempDir dir;
    const std::string truth = dir.write("gt.json", kGroundTruth);
    const Outcome broken =
        banyan({"eval", "--ground-truth", truth, "--predictions", dir.write("dt.json", "[{\"image_id\": 7}]")});
    EXPECT_EQ(broken.code, 3);
    EXPECT_THAT(broken.err, HasSubstr("dt.json:/0"));
    EXPECT_EQ(banyan({"eval", "--ground-truth", truth, "--predictions", dir.file("none.json")}).code, 5);
}

/// A trained network, judged on its own validation list.
class EvalModel : public testing::Test {
protected:
    static void SetUpTestSuite() {
        run_ = new SmallRun();
        const Outcome outcome = banyan({"train", run_->config(), "--out", run_->out()});
        ASSERT_EQ(outcome.code, 0) << outcome.err;
    }
    static void TearDownTestSuite() { delete run_; }
    static Outcome eval(const std::vector<std::string>& more) {
        std::vector<std::string> words{"eval", "--model", run_->model(), "--data", run_->config()};
        words.insert(words.end(), more.begin(), more.end());
        return banyan(words);
    }
    static SmallRun* run_;
};
SmallRun* EvalModel::run_ = nullptr;

TEST_F(EvalModel, SavesFilesThatJudgeTheSame) {
    const TempDir dir;
    const std::string found = dir.file("dt.json"), truth = dir.file("gt.json");
    const Outcome judged = eval({"--save-predictions", found, "--save-ground-truth", truth, "--json"});
    ASSERT_EQ(judged.code, 0) << judged.err;
    const Outcome again = banyan({"eval", "--ground-truth", truth, "--predictions", found, "--json"});
    ASSERT_EQ(again.code, 0) << again.err;
    const json tasks = json::parse(judged.out).at("tasks"), classes = json::parse(again.out).at("per_class");
    for (const std::string task : {"red", "blue"}) {
        const json& before = tasks.at(task).at("classes").at(task);
        EXPECT_EQ(before.at("images"), SmallRun::kPictures) << "each data set judges its own class only";
        for (const char* key : {"ap", "ap50", "ar100"}) {
            EXPECT_NEAR(classes.at(task).at(key).get<double>(), before.at(key).get<double>(), 1e-9)
                << task << " " << key;
        }
        EXPECT_EQ(classes.at(task).at("images"), before.at("images"));
        EXPECT_EQ(classes.at(task).at("unjudged_detections"), before.at("unjudged_detections"));
    }
    EXPECT_EQ(json::parse(read_text(truth)).at("images")[0].at("file_name"), "reds/0.jpg");
}

TEST_F(EvalModel, TellsWhatIsFoundWhereNothingIsLabelled) {
    const TempDir dir;
    const std::string page = dir.file("page.html");
    const Outcome outcome = eval({"--leakage", "--missing", "5", "--report", page, "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json result = json::parse(outcome.out), leakage = result.at("leakage");
    EXPECT_EQ(leakage.at("scores").size(), 5U);
    const json& red = leakage.at("tasks").at("red");
    EXPECT_EQ(red.at("reds").at("labelled").at("images"), SmallRun::kPictures);
    EXPECT_EQ(red.at("reds").at("labelled").at("objects"), SmallRun::kPictures);
    EXPECT_EQ(red.at("reds").at("unlabelled").at("images"), 0);
    EXPECT_EQ(red.at("blues").at("unlabelled").at("images"), SmallRun::kPictures);
    EXPECT_EQ(red.at("blues").at("unlabelled").at("detections_per_image").size(), 5U);
    EXPECT_EQ(red.at("blues").at("empty").at("images"), 0);
    EXPECT_LE(result.at("missing").size(), 10U);
    for (const json& missing : result.at("missing")) {
        EXPECT_EQ(missing.at("kind") == "likely", missing.at("state") == "exhaustive");
        EXPECT_EQ(missing.at("box_xyxy").size(), 4U);
    }
    EXPECT_GE(result.at("tasks").at("red").at("detections").at("unjudged").get<int>(), 0);
    EXPECT_THAT(read_text(page), HasSubstr("Leakage"));
    const Outcome table = eval({"--leakage", "--missing", "5"});
    EXPECT_THAT(table.out, HasSubstr("score 0.3 or more"));
    EXPECT_THAT(table.out, HasSubstr("labels to add"));
}

TEST_F(EvalModel, RunsDataSetsThatLabelNoneOfItsClassesForLeakage) {
    json config = json::parse(read_text(run_->config()));
    config["datasets"][1]["classes"] = {{"blue", "green"}};
    const std::string data = run_->dir().write("green.json", config.dump());
    const Outcome outcome = banyan({"eval", "--model", run_->model(), "--data", data, "--leakage", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json tasks = json::parse(outcome.out).at("leakage").at("tasks");
    EXPECT_EQ(tasks.at("red").at("blues").at("unlabelled").at("images"), SmallRun::kPictures);
    EXPECT_EQ(tasks.at("blue").at("blues").at("unlabelled").at("images"), SmallRun::kPictures);
}

TEST_F(EvalModel, NumbersDetectionsAsAnotherGroundTruth) {
    const TempDir dir;
    const std::string truth = dir.file("gt.json"), all = dir.file("all.json"), one = dir.file("one.json");
    ASSERT_EQ(eval({"--save-ground-truth", truth, "--save-predictions", all}).code, 0);
    json blues = json::parse(read_text(run_->config()));
    blues["validation"].erase(0); // images and classes of "blues" have other numbers then
    const std::string data = run_->dir().write("blues.json", blues.dump());
    const Outcome outcome = banyan({"eval", "--model", run_->model(), "--data", data, "--split", "validation",
                                    "--save-predictions", one, "--ids-of", truth});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    std::vector<json> expected, found;
    for (const json& each : json::parse(read_text(all))) {
        if (each.at("image_id") > SmallRun::kPictures) expected.push_back(each);
    }
    for (const json& each : json::parse(read_text(one))) found.push_back(each);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(eval({"--ids-of", truth}).code, 2);
}

TEST_F(EvalModel, ChecksItsOptionsFirst) {
    EXPECT_EQ(eval({"--missing", "0"}).code, 2);
    EXPECT_EQ(eval({"--side", "100"}).code, 2);
    EXPECT_EQ(eval({"--side", "32"}).code, 2);
    EXPECT_EQ(eval({"--split", "test"}).code, 2);
    EXPECT_EQ(eval({"--side", "96"}).code, 0);
}

TEST_F(EvalModel, TellsWhenNoDataSetLabelsAClassOfTheModel) {
    const TempDir dir;
    const json entry{
        {"name", "x"}, {"format", "coco"}, {"root", "."}, {"annotations", "a.json"}, {"classes", {{"car", "car"}}}};
    const std::string data = dir.write("data.json", json{{"datasets", {entry}}}.dump());
    const Outcome outcome = banyan({"eval", "--model", run_->model(), "--data", data});
    EXPECT_EQ(outcome.code, 3);
    EXPECT_THAT(outcome.err, HasSubstr("no data set"));
}

} // namespace
} // namespace banyan::test
