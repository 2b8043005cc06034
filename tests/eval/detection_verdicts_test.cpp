#include "eval/detection_verdicts.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "eval/coco_metrics.h"
#include "small_problem.h"

namespace banyan {
namespace {

using test::annotate;
using test::detect;
using test::empty_problem;
using testing::ElementsAre;
using Verdict = DetectionVerdict;

constexpr CocoBox kHere = {0, 0, 40, 40};
constexpr CocoBox kThere = {100, 100, 50, 50};

TEST(JudgeDetections, TellsWhatEachCountsAs) {
    CocoProblem problem = empty_problem(3, 1);
    problem.set_judgement(1, 0, CocoJudgement::unknown);
    problem.set_judgement(2, 0, CocoJudgement::partial);
    annotate(problem, 0, 0, kHere);
    problem.add_ignore_region(0, 0, kThere);
    detect(problem, 1, 0, kHere, 0.9);              // not labelled there
    detect(problem, 0, 0, {1, 0, 40, 40}, 0.2);     // second best on the object
    detect(problem, 0, 0, kHere, 0.8);              // finds it
    detect(problem, 2, 0, kHere, 0.8);              // labels are partial
    detect(problem, 0, 0, {110, 110, 10, 10}, 0.7); // in the ignore region
    EXPECT_THAT(judge_detections(problem), ElementsAre(Verdict::unjudged, Verdict::false_positive,
                                                       Verdict::true_positive, Verdict::ignored, Verdict::ignored));
}

TEST(JudgeDetections, GoesByTheFirstThreshold) {
    CocoProblem problem = empty_problem(1, 1);
    annotate(problem, 0, 0, kHere);
    detect(problem, 0, 0, {0, 0, 40, 18}, 0.9); // IoU 0.45
    EXPECT_THAT(judge_detections(problem), ElementsAre(Verdict::false_positive));
    CocoOptions options;
    options.iou_thresholds.front() = 0.45;
    EXPECT_THAT(judge_detections(problem, options), ElementsAre(Verdict::true_positive));
}

TEST(JudgeDetections, LeavesOutWhatLiesBehindTheBestHundred) {
    CocoProblem problem = empty_problem(1, 1);
    for (int i = 0; i < 102; ++i) detect(problem, 0, 0, kHere, 0.001 * (i + 1));
    const std::vector<Verdict> verdicts = judge_detections(problem);
    EXPECT_EQ(verdicts[0], Verdict::surplus);
    EXPECT_EQ(verdicts[1], Verdict::surplus);
    EXPECT_EQ(std::count(verdicts.begin(), verdicts.end(), Verdict::false_positive), 100);
}

TEST(JudgeDetections, AgreesWithTheTalliesOfTheEvaluation) {
    Random random(5);
    CocoProblem problem = empty_problem(12, 3);
    for (std::int32_t i = 0; i < 200; ++i) {
        const auto image = static_cast<std::int32_t>(random.integer(0, 11));
        const auto category = static_cast<std::int32_t>(random.integer(0, 2));
        const CocoBox box{random.uniform(0, 100), random.uniform(0, 100), 60, 60};
        if (random.chance(0.4)) annotate(problem, image, category, box);
        if (random.chance(0.8)) detect(problem, image, category, box, random.uniform());
        if (random.chance(0.05)) problem.add_ignore_region(image, category, box);
        if (random.chance(0.15)) {
            problem.set_judgement(static_cast<std::size_t>(image), static_cast<std::size_t>(category),
                                  random.chance(0.5) ? CocoJudgement::unknown : CocoJudgement::partial);
        }
    }
    const std::vector<Verdict> verdicts = judge_detections(problem);
    const CocoResult result = evaluate_coco(problem);
    for (std::int32_t category = 0; category < 3; ++category) {
        const auto count = [&](Verdict verdict) {
            std::size_t found = 0;
            for (std::size_t i = 0; i < verdicts.size(); ++i) {
                found += problem.detections[i].category == category && verdicts[i] == verdict;
            }
            return found;
        };
        const CocoCounts& counts = result.per_class[static_cast<std::size_t>(category)].counts;
        EXPECT_EQ(count(Verdict::true_positive), counts.true_positives_50);
        EXPECT_EQ(count(Verdict::false_positive), counts.false_positives_50);
        EXPECT_EQ(count(Verdict::ignored), counts.ignored_50);
        EXPECT_EQ(count(Verdict::unjudged), counts.unjudged_detections);
        EXPECT_GT(counts.true_positives_50, 0U);
        EXPECT_GT(counts.unjudged_detections, 0U);
        EXPECT_GT(counts.ignored_50, 0U);
    }
}

} // namespace
} // namespace banyan
