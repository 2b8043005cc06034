#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "data/dataset_list.h"
#include "process.h"
#include "small_run.h"
#include "tests/graph/onnx_file.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

/// Weights of the colours, and what is added to the objectness.
struct Finder {
    float red = 1, green = -0.5F, blue = -0.5F;
    float bias = 0;
};

/// A network with FastestDet's outputs that finds squares of 24 pixels in pictures of 96 x 72, where the weighted
/// colours of 25 x 25 pixels are strongest.
std::string square_finder(const Finder& finder) {
    constexpr int kKernel = 25, kArea = kKernel * kKernel;
    std::vector<float> weights;
    for (const float colour : {finder.red, finder.green, finder.blue}) {
        weights.insert(weights.end(), kArea, colour / static_cast<float>(kArea));
    }
    weights.resize(std::size_t{6} * 3 * kArea, 0);
    OnnxFile file({1, 3, 72, 96});
    file.floats("w", {6, 3, kKernel, kKernel}, weights);
    file.floats("b", {6}, {finder.bias, 0, 0, -std::log(3.0F), -std::log(2.0F), 1}); // 24 / 96 and 24 / 72
    file.node("Conv", {"image", "w", "b"}, "out", {{"pads", std::vector<std::int64_t>(4, kKernel / 2)}});
    file.output("out", {1, 6, 72, 96});
    return file.bytes();
}

class DistillLabel : public ::testing::Test {
protected:
    void SetUp() override { write_teacher({}, "red"); }

    json teacher(const std::string& task) const {
        return {{"name", "finder"},
                {"onnx", "finder.onnx"},
                {"decoder", {{"kind", "fastestdet"}, {"std", 255}, {"nms_iou", 0.1}}},
                {"tasks", {{task, {{"0", task}}}}}};
    }
    void write_teachers(const json& teachers) const {
        run_.dir().write("teachers.json", json{{"teachers", teachers}}.dump());
    }
    void write_teacher(const Finder& finder, const std::string& task) const {
        run_.dir().write("finder.onnx", square_finder(finder));
        write_teachers(json::array({teacher(task)}));
    }
    std::string out() const { return run_.file("labelled"); }
    Outcome label(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"distill", "label", run_.config(), "--teachers", run_.file("teachers.json"),
                                       "--out",   out()};
        words.insert(words.end(), more.begin(), more.end());
        return banyan(words);
    }
    void expect_refused(const Outcome& outcome, int code, const std::string& word) const {
        EXPECT_EQ(outcome.code, code) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr(word));
        EXPECT_FALSE(std::filesystem::exists(out())) << "nothing is written";
    }

    SmallRun run_;
};

TEST_F(DistillLabel, CompletesTheClassThatADataSetDoesNotLabel) {
    const Outcome outcome = label({"--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    const json& judged = result.at("teachers").at(0);
    EXPECT_EQ(judged.at("class"), "red");
    EXPECT_EQ(judged.at("objects"), SmallRun::kPictures);
    EXPECT_GT(judged.at("ap").get<double>(), 0.9);
    EXPECT_LE(judged.at("low").get<double>(), judged.at("high").get<double>());
    const json &reds = result.at("datasets").at(0).at("classes").at("red"),
               &blues = result.at("datasets").at(1).at("classes").at("red");
    EXPECT_EQ(reds.at("completed"), 0);
    EXPECT_EQ(reds.at("boxes"), 0);
    EXPECT_EQ(reds.at("labelled").at("recall"), 1);
    EXPECT_EQ(blues.at("completed"), SmallRun::kPictures);
    EXPECT_GE(blues.at("boxes"), 1); // of its four squares those that look as sure as all that are labelled
    EXPECT_EQ(blues.at("labelled").at("precision"), nullptr);
}

TEST_F(DistillLabel, WritesDataSetsThatHoldTheNewBoxes) {
    json by_hand = teacher("red");
    by_hand["thresholds"] = {{"red", {0.3, 0.6}}};
    write_teachers(json::array({by_hand}));
    ASSERT_EQ(label().code, 0);
    const ClassTable table({{"red", {"red"}}, {"blue", {"blue"}}});
    const auto datasets = load_datasets(load_dataset_list(out() + "/datasets.json", "datasets"), table);
    ASSERT_EQ(datasets.size(), 2U);
    for (const Record& record : datasets[1].records()) {
        EXPECT_EQ(record.labels.states, std::vector(2, LabelState::exhaustive));
        ASSERT_EQ(record.labels.boxes.size(), 2U);
        const Box& blue = record.labels.boxes[0].box; // the red square is 44 pixels to the left of it
        const Box red{blue.x0 - 44, blue.y0, blue.x0 - 20, blue.y0 + 24};
        EXPECT_EQ(record.labels.boxes[1].class_id, 0);
        EXPECT_GT(iou(record.labels.boxes[1].box, red), 0.8F);
    }
    for (const Record& record : datasets[0].records()) {
        EXPECT_EQ(record.labels.boxes.size(), 1U);
        EXPECT_EQ(record.labels.states[1], LabelState::unknown) << "nobody tells of blue";
    }
    EXPECT_THAT(read_text(out() + "/report.html"), AllOf(HasSubstr("Added: red"), HasSubstr("finder")));
    const json info = json::parse(read_text(out() + "/blues.coco.json")).at("info");
    EXPECT_EQ(info.at("teachers").at(0).at("file"), "finder.onnx");
    EXPECT_EQ(json::parse(read_text(out() + "/datasets.json")).at("train"),
              json::parse(read_text(run_.config())).at("train"));
}

TEST_F(DistillLabel, WritesAConfigThatIsCheckedAndTrained) {
    ASSERT_EQ(label().code, 0);
    const std::string config = out() + "/datasets.json";
    const Outcome checked = banyan({"check", config});
    EXPECT_EQ(checked.code, 0) << checked.err;
    const Outcome trained = banyan({"train", config, "--out", run_.out()});
    ASSERT_EQ(trained.code, 0) << trained.err;
    // Every picture labels red now: all four rows of a batch teach it.
    EXPECT_EQ(run_.metrics().at(0).at("losses").at("red").at("rows"), 4);
}

TEST_F(DistillLabel, LeavesAllOrNothingBehindASignal) {
    Random random(1);
    for (int call = 0; call < 6; ++call) {
        std::filesystem::remove_all(out());
        Process process({"distill", "label", run_.config(), "--teachers", run_.file("teachers.json"), "--out", out()});
        std::this_thread::sleep_for(std::chrono::milliseconds(random.integer(0, 400)));
        process.signal(SIGTERM);
        const Outcome outcome = process.wait();
        const bool is_there = std::filesystem::exists(out() + "/datasets.json");
        EXPECT_EQ(is_there, outcome.code == 0) << outcome.code << outcome.err;
        if (!is_there) {
            EXPECT_EQ(outcome.code, 128 + SIGTERM) << outcome.err;
            EXPECT_FALSE(std::filesystem::exists(out()));
        }
    }
}

TEST_F(DistillLabel, CompletesValidationSetsOnDemandAndGivesTheSameBytesAgain) {
    ASSERT_EQ(label({"--split", "validation", "--streams", "1", "--threads", "1"}).code, 0);
    const std::string blues = out() + "/blues@validation.coco.json", first = read_text(blues);
    ASSERT_EQ(label({"--split", "validation", "--streams", "3"}).code, 0);
    EXPECT_EQ(read_text(blues), first);
    const json config = json::parse(read_text(out() + "/datasets.json"));
    EXPECT_EQ(config.at("validation").at(0).at("root"), ".");
    EXPECT_EQ(config.at("datasets").at(0).at("root"), run_.file("reds"));
}

/// Such a teacher takes blue squares for red ones.
TEST_F(DistillLabel, RefusesTeachersBelowTheFloor) {
    write_teacher({1, -1.5F, 1.1F, 0}, "red");
    expect_refused(label({"--floor", "0.8"}), 8, "--force");
    const Outcome forced = label({"--floor", "0.8", "--force"});
    EXPECT_EQ(forced.code, 0) << forced.err;
    EXPECT_THAT(forced.err, HasSubstr("below the floor"));
}

TEST_F(DistillLabel, RefusesTeachersThatFindNothing) {
    write_teacher({0, 0, 0, 0}, "red");
    expect_refused(label({"--force"}), 8, "finds none of the 4 objects");
}

TEST_F(DistillLabel, TakesThresholdsByHandWhereNothingIsLabelled) {
    json config = json::parse(read_text(run_.config()));
    config["tasks"].push_back({{"name", "green"}});
    run_.dir().write("config.json", config.dump());
    json green = teacher("green");
    write_teachers(json::array({green}));
    expect_refused(label(), 2, "\"thresholds\" of the class by hand");
    green["thresholds"] = {{"green", {0.5, 0.9}}};
    write_teachers(json::array({green}));
    const Outcome outcome = label({"--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json judged = json::parse(outcome.out).at("teachers").at(0);
    EXPECT_EQ(judged.at("high"), 0.9);
    EXPECT_EQ(judged.at("by_hand"), true);
    EXPECT_EQ(judged.at("ap"), nullptr);
}

TEST_F(DistillLabel, AsksTheFirstOfTeachersOfOneClass) {
    json second = teacher("red");
    second["name"] = "second";
    write_teachers(json::array({teacher("red"), second}));
    const Outcome outcome = label({"--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("second is not asked about \"red\""));
    EXPECT_EQ(json::parse(outcome.out).at("teachers").size(), 1U);
}

/// The teacher of red takes blue squares for red ones, the one of blue is right.
TEST_F(DistillLabel, LetsTheStudentLabelWhatItFindsBetter) {
    write_squares(run_.dir(), "lesson", {{"red", "blue"}, 1000, 24});
    json config = json::parse(read_text(run_.config()));
    config["datasets"] = json::array({squares_entry("lesson", {"red", "blue"})});
    config["train"].update({{"steps", 450}, {"lr", 0.01}, {"ema_decay", 0.9}, {"threads", 1}});
    const Outcome trained = banyan({"train", run_.dir().write("student.json", config.dump()), "--out", run_.out()});
    ASSERT_EQ(trained.code, 0) << trained.err;
    run_.dir().write("finder.onnx", square_finder({-1, 0.5F, 1, 0}));
    run_.dir().write("blue.onnx", square_finder({-0.5F, -0.5F, 1, 0}));
    json blue = teacher("blue");
    blue.update({{"name", "blues"}, {"onnx", "blue.onnx"}});
    write_teachers(json::array({teacher("red"), blue}));

    const Outcome outcome = label({"--json", "--floor", "0.2", "--student", run_.model()});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json judged = json::parse(outcome.out).at("teachers");
    ASSERT_EQ(judged.size(), 2U);
    EXPECT_EQ(judged[0].at("teacher"), "student") << outcome.err;
    EXPECT_EQ(judged[1].at("teacher"), "blues") << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("the student labels it"), HasSubstr("the teacher labels it")));
    const json blues = json::parse(read_text(out() + "/blues.coco.json"));
    const json& student = blues.at("info").at("teachers").at(2);
    EXPECT_EQ(student.at("file"), "last.banyan.safetensors");
    EXPECT_EQ(student.at("classes").size(), 1U) << student;
    int added = 0;
    for (const json& annotation : blues.at("annotations")) {
        if (annotation.value("source", "") != "pseudo") continue;
        EXPECT_EQ(annotation.at("teacher"), "student") << annotation; // reds; the set labels blue itself
        ++added;
    }
    EXPECT_GT(added, 0);

    json by_hand = teacher("red"); // such a teacher needs no AP, a student that takes its place does
    by_hand["thresholds"] = {{"red", {0.3, 0.6}}};
    write_teachers(json::array({by_hand}));
    const Outcome below = label({"--json", "--floor", "1", "--student", run_.model()});
    ASSERT_EQ(below.code, 0) << below.err;
    EXPECT_EQ(json::parse(below.out).at("teachers")[0].at("teacher"), "finder");
}

TEST_F(DistillLabel, RefusesAStudentWithoutTheTasks) {
    json config = json::parse(read_text(run_.config()));
    config["train"]["steps"] = 1;
    const Outcome trained =
        banyan({"train", run_.dir().write("student.json", config.dump()), "--out", run_.out(), "--tasks", "blue"});
    ASSERT_EQ(trained.code, 0) << trained.err;
    expect_refused(label({"--student", run_.model()}), 2, "--student: " + run_.model() + " has no class \"red\"");
    expect_refused(label({"--student", run_.file("nothing")}), 5, "nothing");
}

/// It has learned from the training sets: judged by them it would win.
TEST_F(DistillLabel, ComparesTheStudentOnlyWhereItHasNotLearned) {
    json config = json::parse(read_text(run_.config()));
    config.erase("validation");
    run_.dir().write("config.json", config.dump());
    expect_refused(label({"--student", run_.model()}), 2, "no \"validation\"");
    EXPECT_EQ(label().code, 0);
}

TEST_F(DistillLabel, KeepsBothListsInOneFolder) {
    ASSERT_EQ(label().code, 0);
    const std::string first = read_text(out() + "/blues.coco.json");
    const Outcome again = banyan({"distill", "label", out() + "/datasets.json", "--teachers",
                                  run_.file("teachers.json"), "--split", "validation", "--out", out()});
    ASSERT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(read_text(out() + "/blues.coco.json"), first);
    const json config = json::parse(read_text(out() + "/datasets.json"));
    EXPECT_TRUE(std::filesystem::equivalent(config.at("datasets").at(1).at("root").get<std::string>(), out()));
    EXPECT_EQ(config.at("datasets").at(1).at("annotations"), "blues.coco.json");
    EXPECT_EQ(config.at("validation").at(1).at("annotations"), "blues@validation.coco.json");
}

TEST_F(DistillLabel, KeepsWhatTeachersFound) {
    const std::string cache = run_.file("cache");
    const auto kept = [&] {
        return std::distance(std::filesystem::directory_iterator(cache), std::filesystem::directory_iterator());
    };
    const auto labels = [&] { return read_text(out() + "/reds.coco.json") + read_text(out() + "/blues.coco.json"); };
    ASSERT_EQ(label().code, 0);
    const std::string without = labels();
    for (int call = 0; call < 2; ++call) {
        ASSERT_EQ(label({"--cache", cache}).code, 0);
        EXPECT_TRUE(labels() == without);
        EXPECT_EQ(kept(), 2 * SmallRun::kPictures) << "one for each picture of both sets";
    }
    const Outcome no_folder = label({"--cache", run_.config()}); // a file
    EXPECT_EQ(no_folder.code, 5) << no_folder.err;
    EXPECT_THAT(no_folder.err, HasSubstr("--cache"));
}

TEST_F(DistillLabel, RefusesWhatDoesNotFit) {
    expect_refused(label({"--split", "test"}), 2, "--split");
    expect_refused(label({"--beta-high", "0"}), 2, "--beta-high");
    expect_refused(label({"--floor", "2"}), 2, "--floor");
    expect_refused(label({"--iou", "0"}), 2, "--iou");
    run_.dir().write("finder.onnx", square_finder({1, 0, 0, std::numeric_limits<float>::quiet_NaN()}));
    expect_refused(label(), 6, "not finite");
    run_.dir().write("finder.onnx", "nothing");
    expect_refused(label(), 4, "finder.onnx");
    std::filesystem::remove(run_.file("finder.onnx"));
    expect_refused(label(), 5, "finder.onnx");
    json unknown = teacher("red");
    unknown["tasks"] = {{"red", {{"0", "rad"}}}};
    write_teachers(json::array({unknown}));
    expect_refused(label(), 2, "unknown class \"rad\"");
    unknown = teacher("red");
    unknown["decoder"]["kind"] = "yolo";
    write_teachers(json::array({unknown}));
    expect_refused(label(), 2, "fastestdet");
}

} // namespace
} // namespace banyan::test
