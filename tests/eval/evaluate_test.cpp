#include "eval/evaluate.h"

#include <algorithm>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/image_codec.h"
#include "image/letterbox.h"
#include "support/painted_image.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

using testing::ElementsAre;

constexpr int kFace = 0, kLeft = 1, kRight = 2;
constexpr int kSide = 64;

/// Pictures of 80 x 40 (scale 0.8, bars above and below) of two data sets: one labels faces, the other hands.
class Evaluate : public testing::Test {
protected:
    Evaluate() : table_({{"face", {"face"}}, {"hand", {"left", "right"}}}) {
        add("faces", {LabelState::exhaustive, LabelState::unknown, LabelState::unknown},
            {{{{4, 4, 24, 34}, kFace}, {{40, 8, 70, 38}, kFace}}, {{{10, 2, 60, 36}, kFace}}, {}});
        add("hands", {LabelState::unknown, LabelState::exhaustive, LabelState::exhaustive},
            {{{{4, 4, 24, 34}, kLeft}}, {{{30, 6, 60, 30}, kRight}, {{2, 2, 20, 20}, kLeft}}});
        options_.side = kSide;
        options_.batch_size = 2;
    }

    void add(const std::string& name, const std::vector<LabelState>& states,
             const std::vector<std::vector<LabelledBox>>& pictures) {
        std::vector<Record> records;
        for (const std::vector<LabelledBox>& boxes : pictures) {
            Record record;
            record.name = name + std::to_string(records.size()) + ".png";
            record.file = dir_.file(record.name);
            record.width = 80;
            record.height = 40;
            record.labels.boxes = boxes;
            record.labels.states = states;
            // The picture's number, so that a predictor can tell them apart.
            const auto number = static_cast<std::uint8_t>(10 * truth_.size());
            write_png(record.file, test::plain_image(80, 40, {number, number, number}));
            truth_.push_back(boxes);
            records.push_back(std::move(record));
        }
        datasets_.emplace_back(name, std::move(records), states);
    }

    /// Number of the picture, read from its middle.
    static std::size_t number_of(const Image& picture) {
        return static_cast<std::size_t>(picture.row(kSide / 2)[kSide / 2 * 3]) / 10;
    }

    using Change = std::function<void(std::size_t number, std::vector<ScoredBox>& boxes)>;
    /// Finds every box exactly, before `change`; boxes in pixels of the letterboxed square.
    Predictor perfect(const Change& change = {}) const {
        return [this, change](const std::vector<Image>& pictures) {
            Predictions predictions;
            for (const Image& picture : pictures) {
                LetterboxGeometry geometry;
                letterbox(Image(80, 40), kSide, geometry);
                const std::size_t number = number_of(picture);
                std::vector<ScoredBox> boxes;
                for (const LabelledBox& box : truth_[number]) {
                    boxes.push_back({geometry.from_original(box.box), 0.9F, box.class_id});
                }
                if (change) change(number, boxes);
                predictions.push_back(std::move(boxes));
            }
            return predictions;
        };
    }
    EvalReport evaluate(const Change& change = {}) const {
        return evaluate_datasets(perfect(change), datasets_, table_, options_);
    }

    TempDir dir_;
    ClassTable table_;
    std::vector<std::vector<LabelledBox>> truth_; // by picture number
    std::vector<Dataset> datasets_;
    EvalOptions options_;
};

/// Adds a surer detection of the class to the pictures of the given numbers, where no box is.
std::function<void(std::size_t, std::vector<ScoredBox>&)> false_alarm(int class_id, std::vector<std::size_t> numbers) {
    return [class_id, numbers](std::size_t number, std::vector<ScoredBox>& boxes) {
        if (std::count(numbers.begin(), numbers.end(), number) == 0) return;
        boxes.push_back({{50, 40, 62, 46}, 0.99F, class_id});
    };
}

TEST_F(Evaluate, APerfectPredictorReachesOne) {
    const EvalReport report = evaluate();
    ASSERT_EQ(report.tasks.size(), 2U);
    EXPECT_EQ(report.images, 5U);
    for (const TaskResult& task : report.tasks) {
        EXPECT_DOUBLE_EQ(task.stats[CocoStat::ap], 1) << task.task;
        EXPECT_DOUBLE_EQ(task.stats[CocoStat::ar100], 1) << task.task;
    }
    EXPECT_DOUBLE_EQ(report.mean(CocoStat::ap), 1);
    EXPECT_EQ(report.tasks[0].images, 3U);
    EXPECT_EQ(report.tasks[1].images, 2U);
    ASSERT_EQ(report.tasks[1].classes.size(), 2U);
    EXPECT_EQ(report.tasks[1].classes[0].name, "left");
}

TEST_F(Evaluate, FalseAlarmsCountWhereTheClassIsLabelledAndNowhereElse) {
    // Faces are not labelled in pictures 3 and 4, hands not in 0 to 2.
    EXPECT_DOUBLE_EQ(evaluate(false_alarm(kFace, {3, 4})).mean(CocoStat::ap), 1);
    EXPECT_DOUBLE_EQ(evaluate(false_alarm(kRight, {0, 1, 2})).mean(CocoStat::ap), 1);
    const EvalReport wrong = evaluate(false_alarm(kFace, {2})); // labelled: no face there
    EXPECT_LT(wrong.tasks[0].stats[CocoStat::ap], 1);
    EXPECT_DOUBLE_EQ(wrong.tasks[1].stats[CocoStat::ap], 1);
    EXPECT_EQ(evaluate(false_alarm(kFace, {3, 4})).tasks[0].classes[0].counts.unjudged_detections, 2U);
}

TEST_F(Evaluate, DetectionsAreCountedByWhetherTheyAreJudged) {
    std::vector<Record> records = datasets_[0].records();
    records[2].labels.states[kFace] = LabelState::partial;
    datasets_[0] = Dataset("faces", records, datasets_[0].states());
    const EvalReport report = evaluate(false_alarm(kFace, {1, 2, 3, 4}));
    const TaskResult& face = report.tasks[0];
    EXPECT_EQ(face.judged_detections, 4U); // three faces and the false one in picture 1
    EXPECT_EQ(face.ignored_detections, 1U);
    EXPECT_EQ(face.unjudged_detections, 2U);
    EXPECT_EQ(report.tasks[1].judged_detections, 3U);
    EXPECT_EQ(report.tasks[1].unjudged_detections, 0U);
}

TEST_F(Evaluate, PartialLabelsIgnoreWhatTheyDoNotMatch) {
    datasets_.clear();
    truth_.clear();
    const std::vector<LabelState> partial{LabelState::partial, LabelState::unknown, LabelState::unknown};
    add("some", partial, {{{{4, 4, 24, 34}, kFace}}, {}});
    const EvalReport report = evaluate(false_alarm(kFace, {0, 1}));
    ASSERT_EQ(report.tasks.size(), 1U); // no data set judges hands
    EXPECT_EQ(report.tasks[0].task, "face");
    EXPECT_DOUBLE_EQ(report.tasks[0].stats[CocoStat::ap], 1);
    EXPECT_LT(evaluate([](std::size_t, std::vector<ScoredBox>& boxes) { boxes.clear(); }).mean(CocoStat::ap), 1);
}

TEST_F(Evaluate, DetectionsInIgnoreRegionsAreNotJudged) {
    std::vector<Record> records = datasets_[0].records();
    // {50, 40, 62, 46} of the square is {62.5, 30, 77.5, 37.5} of the picture.
    records[2].labels.ignore = {{Box{60, 28, 80, 40}, kFace}};
    datasets_[0] = Dataset("faces", records, datasets_[0].states());
    EXPECT_DOUBLE_EQ(evaluate(false_alarm(kFace, {2})).mean(CocoStat::ap), 1);
}

TEST_F(Evaluate, IgnoreRegionsAreJudgedByTheirPolygon) {
    // Triangles in the same bounds; the false alarm {62.5, 30, 77.5, 37.5} lies in the upper right one.
    std::vector<Record> records = datasets_[0].records();
    const auto ap_with = [&](const Polygon& area) {
        records[2].labels.ignore = {{area, kFace}};
        datasets_[0] = Dataset("faces", records, datasets_[0].states());
        return evaluate(false_alarm(kFace, {2})).mean(CocoStat::ap50);
    };
    EXPECT_DOUBLE_EQ(ap_with(Polygon({{0, 0}, {80, 0}, {80, 40}})), ap_with(Polygon({{40, 20}, {80, 20}, {80, 40}})));
    EXPECT_DOUBLE_EQ(ap_with(Polygon({{0, 0}, {80, 0}, {80, 40}})), 1);
    EXPECT_LT(ap_with(Polygon({{0, 0}, {80, 40}, {0, 40}})), 1);
}

TEST_F(Evaluate, IsJudgedInOriginalPixelsWithinThePicture) {
    CocoProblem problem;
    const Change beyond = [](std::size_t number, std::vector<ScoredBox>& boxes) {
        if (number == 2) boxes.push_back({{-20, -20, 200, 200}, 0.5F, kFace});
    };
    evaluate_datasets(perfect(beyond), datasets_, table_, options_, &problem);
    ASSERT_EQ(problem.detections.size(), 7U);
    const CocoDetection& first = problem.detections[0];
    EXPECT_NEAR(first.box.x, 4, 1e-4);
    EXPECT_NEAR(first.box.y, 4, 1e-4);
    EXPECT_NEAR(first.box.width, 20, 1e-4);
    EXPECT_NEAR(first.box.height, 30, 1e-4);
    EXPECT_EQ(problem.detections[3].box, (CocoBox{0, 0, 80, 40}));
    EXPECT_EQ(problem.annotations.size(), 6U);
    ASSERT_EQ(problem.images.size(), 5U);
    EXPECT_EQ(problem.images[4].file_name, "hands/hands1.png");
    EXPECT_EQ(problem.categories[2].task, "hand");
}

TEST_F(Evaluate, TheBatchSizeDoesNotMatterAndProgressIsTold) {
    const Change some = [](std::size_t number, std::vector<ScoredBox>& boxes) {
        if (number % 2 == 1) boxes.clear();
    };
    std::vector<std::size_t> done;
    options_.progress = [&](std::size_t count, std::size_t total) {
        EXPECT_EQ(total, 5U);
        done.push_back(count);
    };
    const double pairs = evaluate(some).mean(CocoStat::ap);
    EXPECT_THAT(done, ElementsAre(2, 4, 5));
    options_.batch_size = 64;
    EXPECT_EQ(evaluate(some).mean(CocoStat::ap), pairs);
    EXPECT_GT(pairs, 0);
    EXPECT_LT(pairs, 1);
}

TEST_F(Evaluate, AStopEndsItWithoutAReport) {
    int asked = 0;
    options_.stop = [&] { return ++asked == 2; };
    const EvalReport report = evaluate();
    EXPECT_TRUE(report.tasks.empty());
    EXPECT_EQ(report.images, 0U);
}

} // namespace
} // namespace banyan
