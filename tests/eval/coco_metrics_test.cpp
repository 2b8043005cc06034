#include "eval/coco_metrics.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "eval/coco_files.h"
#include "small_problem.h"
#include "support/expect_error.h"
#include "support/shared_data.h"

namespace banyan {
namespace {

using test::annotate;
using test::detect;
using test::empty_problem;

constexpr CocoBox kHere = {0, 0, 40, 40};
constexpr CocoBox kThere = {100, 100, 50, 50};
constexpr CocoBox kNowhere = {300, 300, 50, 50};

/// `images` x `categories` with a few objects each, detections near most of them and some elsewhere.
CocoProblem random_problem(std::uint64_t seed, std::int32_t images, std::int32_t categories) {
    CocoProblem problem = empty_problem(static_cast<std::size_t>(images), static_cast<std::size_t>(categories));
    Random random(seed);
    const auto any_box = [&random] {
        return CocoBox{random.uniform(0, 500), random.uniform(0, 500), random.uniform(5, 150), random.uniform(5, 150)};
    };
    for (std::int32_t image = 0; image < images; ++image) {
        for (std::int32_t category = 0; category < categories; ++category) {
            for (int i = 0; i < 4; ++i) {
                const CocoBox box = any_box();
                annotate(problem, image, category, box);
                const CocoBox near = {box.x + random.uniform(-6, 6), box.y + random.uniform(-6, 6), box.width,
                                      box.height};
                detect(problem, image, category, i == 0 ? any_box() : near, random.uniform(0, 1));
            }
        }
    }
    return problem;
}

void expect_same(const CocoResult& a, const CocoResult& b) {
    EXPECT_EQ(a.stats.values, b.stats.values);
    ASSERT_EQ(a.per_class.size(), b.per_class.size());
    for (std::size_t i = 0; i < a.per_class.size(); ++i) {
        EXPECT_EQ(a.per_class[i].stats.values, b.per_class[i].stats.values) << a.per_class[i].name;
        EXPECT_EQ(a.per_class[i].precision_at_50, b.per_class[i].precision_at_50) << a.per_class[i].name;
    }
}

TEST(EvaluateCoco, ScoresAPerfectDetectorWithOne) {
    CocoProblem problem = empty_problem(2, 1);
    annotate(problem, 0, 0, kHere);
    annotate(problem, 1, 0, kThere);
    detect(problem, 0, 0, kHere, 0.5);
    detect(problem, 1, 0, kThere, 0.4);
    const CocoResult result = evaluate_coco(problem);
    for (const CocoStat stat : {CocoStat::ap, CocoStat::ap50, CocoStat::ap75, CocoStat::ap_medium, CocoStat::ar1,
                                CocoStat::ar10, CocoStat::ar100, CocoStat::ar_medium}) {
        EXPECT_DOUBLE_EQ(result.stats[stat], 1);
    }
    for (const CocoStat stat : {CocoStat::ap_small, CocoStat::ap_large, CocoStat::ar_small, CocoStat::ar_large}) {
        EXPECT_EQ(result.stats[stat], -1) << "no object of that size";
    }
}

TEST(EvaluateCoco, GivesHandComputedPrecision) {
    // By score: hit, miss, hit of 3 objects: precision 1 up to recall 1/3, 2/3 up to 2/3, 0 beyond.
    // Of the 101 recalls 34 are <= 1/3 and 33 more <= 2/3.
    CocoProblem problem = empty_problem(1, 1);
    annotate(problem, 0, 0, kHere);
    annotate(problem, 0, 0, kThere);
    annotate(problem, 0, 0, {200, 0, 40, 40});
    detect(problem, 0, 0, kThere, 0.7);
    detect(problem, 0, 0, kHere, 0.9);
    detect(problem, 0, 0, kNowhere, 0.8);
    const CocoResult result = evaluate_coco(problem);
    EXPECT_NEAR(result.stats[CocoStat::ap50], (34 + 33 * 2.0 / 3) / 101, 1e-12);
    EXPECT_NEAR(result.stats[CocoStat::ar100], 2.0 / 3, 1e-12);
    EXPECT_NEAR(result.stats[CocoStat::ar1], 1.0 / 3, 1e-12);
    const CocoClassResult& of_class = result.per_class[0];
    EXPECT_DOUBLE_EQ(of_class.precision_at_50[33], 1);
    EXPECT_NEAR(of_class.precision_at_50[34], 2.0 / 3, 1e-12);
    EXPECT_EQ(of_class.precision_at_50[67], 0);
    EXPECT_EQ(of_class.score_at_50[33], 0.9);
    EXPECT_EQ(of_class.score_at_50[34], 0.7);
    EXPECT_EQ(of_class.counts.true_positives_50, 2U);
    EXPECT_EQ(of_class.counts.false_positives_50, 1U);
    EXPECT_EQ(of_class.counts.ignored_50, 0U);
}

TEST(EvaluateCoco, CountsARepeatedDetectionAsFalse) {
    CocoProblem problem = empty_problem(1, 1);
    annotate(problem, 0, 0, kHere);
    detect(problem, 0, 0, kHere, 0.9);
    detect(problem, 0, 0, kHere, 0.8);
    const CocoCounts counts = evaluate_coco(problem).per_class[0].counts;
    EXPECT_EQ(counts.true_positives_50, 1U);
    EXPECT_EQ(counts.false_positives_50, 1U);
}

TEST(EvaluateCoco, HoldsOnePrecisionPerIouThreshold) {
    // IoU 30 / 40 = 0.75: a match at 0.5, 0.55 … 0.75, six of ten thresholds.
    CocoProblem problem = empty_problem(1, 1);
    annotate(problem, 0, 0, kHere);
    detect(problem, 0, 0, {0, 0, 40, 30}, 0.9);
    const CocoResult result = evaluate_coco(problem);
    EXPECT_NEAR(result.stats[CocoStat::ap], 0.6, 1e-12);
    EXPECT_DOUBLE_EQ(result.stats[CocoStat::ap75], 1);
    EXPECT_NEAR(result.stats[CocoStat::ar100], 0.6, 1e-12);
}

TEST(EvaluateCoco, GivesNoValueWithoutImagesOrClasses) {
    for (const CocoProblem& problem :
         {empty_problem(0, 0), empty_problem(3, 0), empty_problem(0, 2), empty_problem(3, 2)}) {
        const CocoResult result = evaluate_coco(problem);
        EXPECT_EQ(result.per_class.size(), problem.categories.size());
        for (const double value : result.stats.values) EXPECT_EQ(value, -1);
        for (const CocoClassResult& of_class : result.per_class) EXPECT_EQ(of_class.precision_at_50[0], -1);
    }
}

TEST(EvaluateCoco, AveragesOverClassesThatHaveObjects) {
    CocoProblem problem = empty_problem(1, 3);
    annotate(problem, 0, 0, kHere);
    annotate(problem, 0, 2, kHere);
    detect(problem, 0, 0, kHere, 0.9);
    detect(problem, 0, 1, kHere, 0.9);
    const CocoResult result = evaluate_coco(problem);
    EXPECT_DOUBLE_EQ(result.per_class[0].stats[CocoStat::ap], 1);
    EXPECT_EQ(result.per_class[1].stats[CocoStat::ap], -1);
    EXPECT_EQ(result.per_class[2].stats[CocoStat::ap], 0);
    EXPECT_DOUBLE_EQ(result.stats[CocoStat::ap], 0.5);
}

TEST(EvaluateCoco, KeepsTheBestOfAnImageOnly) {
    CocoProblem problem = empty_problem(1, 1);
    annotate(problem, 0, 0, kHere);
    detect(problem, 0, 0, kHere, 0.1);
    for (int i = 0; i < 3; ++i) detect(problem, 0, 0, kNowhere, 0.5);
    CocoOptions options;
    options.max_detections = {1, 2, 3};
    const CocoResult cut = evaluate_coco(problem, options);
    EXPECT_EQ(cut.stats[CocoStat::ar100], 0);
    EXPECT_EQ(cut.per_class[0].counts.detections, 3U);
    options.max_detections = {1, 3, 4};
    const CocoResult whole = evaluate_coco(problem, options);
    EXPECT_EQ(whole.stats[CocoStat::ar10], 0);
    EXPECT_EQ(whole.stats[CocoStat::ar100], 1);
}

TEST(EvaluateCoco, GoesByTheThresholdsAskedFor) {
    CocoProblem problem = empty_problem(1, 1);
    annotate(problem, 0, 0, kHere);
    detect(problem, 0, 0, {0, 0, 40, 18}, 0.9); // IoU 0.45
    EXPECT_EQ(evaluate_coco(problem).stats[CocoStat::ap50], 0);
    CocoOptions options;
    options.iou_thresholds.front() = 0.45;
    const CocoResult result = evaluate_coco(problem, options);
    EXPECT_DOUBLE_EQ(result.stats[CocoStat::ap50], 1);
    EXPECT_DOUBLE_EQ(result.stats[CocoStat::ap], 0.1);
    EXPECT_EQ(result.per_class[0].counts.true_positives_50, 1U);
}

TEST(EvaluateCoco, LeavesImagesOutThatDoNotLabelTheClass) {
    CocoProblem problem = random_problem(3, 8, 4);
    problem.set_judgement(2, 1, CocoJudgement::unknown);
    problem.set_judgement(5, 1, CocoJudgement::unknown);
    problem.set_judgement(5, 3, CocoJudgement::unknown);
    const auto is_unknown = [&](const auto& record) {
        return problem.judgement(static_cast<std::size_t>(record.image), static_cast<std::size_t>(record.category)) ==
               CocoJudgement::unknown;
    };
    CocoProblem without = problem;
    std::erase_if(without.annotations, is_unknown);
    std::erase_if(without.detections, is_unknown);
    without.judgements.clear();

    const CocoResult result = evaluate_coco(problem);
    expect_same(result, evaluate_coco(without));
    EXPECT_EQ(result.per_class[0].counts.unjudged_detections, 0U);
    EXPECT_EQ(result.per_class[0].counts.images, 8U);
    EXPECT_EQ(result.per_class[1].counts.unjudged_detections, 8U);
    EXPECT_EQ(result.per_class[1].counts.unjudged_annotations, 8U);
    EXPECT_EQ(result.per_class[1].counts.images, 6U);
    EXPECT_EQ(result.per_class[1].counts.detections, 24U);
    EXPECT_EQ(result.per_class[3].counts.unjudged_detections, 4U);
}

TEST(EvaluateCoco, GivesNoValueToAClassThatNoImageLabels) {
    CocoProblem problem = random_problem(4, 3, 2);
    for (std::size_t image = 0; image < 3; ++image) problem.set_judgement(image, 1, CocoJudgement::unknown);
    const CocoResult result = evaluate_coco(problem);
    EXPECT_EQ(result.per_class[1].stats[CocoStat::ap], -1);
    EXPECT_EQ(result.stats[CocoStat::ap], result.per_class[0].stats[CocoStat::ap]);
}

TEST(EvaluateCoco, IgnoresUnmatchedDetectionsWhereLabelsArePartial) {
    CocoProblem problem = empty_problem(2, 1);
    annotate(problem, 0, 0, kHere);
    detect(problem, 0, 0, kNowhere, 0.95);
    detect(problem, 0, 0, kHere, 0.9);
    detect(problem, 1, 0, kNowhere, 0.8); // image 1 is exhaustive: a false positive, but after the hit
    EXPECT_NEAR(evaluate_coco(problem).stats[CocoStat::ap], 0.5, 1e-12);

    problem.set_judgement(0, 0, CocoJudgement::partial);
    const CocoResult result = evaluate_coco(problem);
    EXPECT_DOUBLE_EQ(result.stats[CocoStat::ap], 1);
    EXPECT_EQ(result.per_class[0].counts.true_positives_50, 1U);
    EXPECT_EQ(result.per_class[0].counts.false_positives_50, 1U);
    EXPECT_EQ(result.per_class[0].counts.ignored_50, 1U);
    EXPECT_EQ(result.per_class[0].counts.images, 2U);
}

TEST(EvaluateCoco, CountsAMissedObjectWhereLabelsArePartial) {
    CocoProblem problem = empty_problem(1, 1);
    annotate(problem, 0, 0, kHere);
    annotate(problem, 0, 0, kThere);
    detect(problem, 0, 0, kHere, 0.9);
    problem.set_judgement(0, 0, CocoJudgement::partial);
    EXPECT_EQ(evaluate_coco(problem).stats[CocoStat::ar100], 0.5);
}

TEST(EvaluateCoco, IgnoresWhatLiesMostlyInAnIgnoreRegion) {
    CocoProblem problem = empty_problem(1, 2);
    annotate(problem, 0, 0, kHere);
    detect(problem, 0, 0, {110, 110, 20, 20}, 0.9); // inside the region
    detect(problem, 0, 0, {120, 110, 20, 20}, 0.8); // so is this: a region serves many
    detect(problem, 0, 0, {190, 110, 40, 40}, 0.7); // a quarter inside: counts
    detect(problem, 0, 0, kHere, 0.6);
    problem.add_ignore_region(0, 0, CocoBox{100, 100, 100, 100});
    const CocoCounts counts = evaluate_coco(problem).per_class[0].counts;
    EXPECT_EQ(counts.ignored_50, 2U);
    EXPECT_EQ(counts.false_positives_50, 1U);
    EXPECT_EQ(counts.true_positives_50, 1U);
    EXPECT_EQ(counts.ground_truth, 1U);
    EXPECT_EQ(counts.ignore_regions, 1U);
}

TEST(EvaluateCoco, JudgesByThePolygonOfAnIgnoreRegion) {
    // The triangle below the diagonal of {100, 100, 200, 200}.
    CocoProblem problem = empty_problem(1, 1);
    annotate(problem, 0, 0, kHere);
    problem.add_ignore_region(0, 0, Polygon({{100, 100}, {200, 200}, {100, 200}}));
    detect(problem, 0, 0, {110, 160, 20, 20}, 0.9); // wholly in it
    detect(problem, 0, 0, {160, 110, 20, 20}, 0.8); // in its bounds, but wholly outside
    detect(problem, 0, 0, {140, 150, 20, 20}, 0.7); // 7/8 inside
    detect(problem, 0, 0, {150, 140, 20, 20}, 0.6); // 1/8 inside
    EXPECT_EQ(problem.annotations[1].area, 5000);
    EXPECT_EQ(problem.annotations[1].box, (CocoBox{100, 100, 100, 100}));
    const CocoCounts counts = evaluate_coco(problem).per_class[0].counts;
    EXPECT_EQ(counts.ignored_50, 2U);
    EXPECT_EQ(counts.false_positives_50, 2U);
}

TEST(EvaluateCoco, MatchesAnObjectInsideAnIgnoreRegion) {
    CocoProblem problem = empty_problem(1, 1);
    annotate(problem, 0, 0, kHere);
    problem.add_ignore_region(0, -1, CocoBox{0, 0, 400, 400});
    detect(problem, 0, 0, kHere, 0.9);
    detect(problem, 0, 0, kNowhere, 0.95);
    const CocoResult result = evaluate_coco(problem);
    EXPECT_DOUBLE_EQ(result.stats[CocoStat::ap], 1);
    EXPECT_EQ(result.per_class[0].counts.ignored_50, 1U);
}

TEST(EvaluateCoco, ReportsAnnotationsWithTheIdZero) {
    CocoProblem problem = empty_problem(1, 1);
    annotate(problem, 0, 0, kHere);
    detect(problem, 0, 0, kHere, 0.9);
    problem.annotations[0].zero_id = true;
    const CocoResult result = evaluate_coco(problem);
    EXPECT_EQ(result.zero_id_annotations, 1U);
    EXPECT_EQ(result.per_class[0].counts.false_positives_50, 1U);
}

TEST(EvaluateCoco, DoesNotDependOnTheOrderOfDistinctScores) {
    for (std::uint64_t seed = 10; seed < 20; ++seed) {
        CocoProblem problem = random_problem(seed, 5, 3);
        const CocoResult result = evaluate_coco(problem);
        std::reverse(problem.detections.begin(), problem.detections.end());
        expect_same(result, evaluate_coco(problem));
    }
}

TEST(EvaluateCoco, TakesMinusZeroForZero) {
    CocoProblem problem = empty_problem(1, 1);
    annotate(problem, 0, 0, kHere);
    detect(problem, 0, 0, kHere, -0.0);
    detect(problem, 0, 0, kNowhere, 0.0);
    EXPECT_DOUBLE_EQ(evaluate_coco(problem).stats[CocoStat::ap], 1) << "the first of equal scores counts as better";
}

TEST(EvaluateCoco, MeasuresItsTime) {
    CocoProblem problem = random_problem(1, 20, 3);
    problem.load_seconds = 2.5;
    const CocoSeconds seconds = evaluate_coco(problem).seconds;
    EXPECT_EQ(seconds.load, 2.5);
    EXPECT_GT(seconds.match, 0);
    EXPECT_GT(seconds.accumulate, 0);
}

TEST(EvaluateCoco, FindsTheTruthItselfPerfectOnRealAnnotations) {
    CocoProblem problem = read_coco_ground_truth(shared_path("data/coco128/annotations/instances_train2017.json"));
    for (const CocoAnnotation& each : problem.annotations) {
        if (!each.crowd && each.box.area() > 0) detect(problem, each.image, each.category, each.box, 1);
    }
    const CocoResult result = evaluate_coco(problem);
    EXPECT_EQ(result.per_class.size(), 80U);
    EXPECT_GT(result.stats[CocoStat::ap], 0.999);
    EXPECT_GT(result.stats[CocoStat::ar100], 0.999);
}

TEST(EvaluateCoco, RefusesBadOptions) {
    const CocoProblem problem = empty_problem(1, 1);
    using Limits = std::array<std::size_t, 3>;
    for (const Limits& limits : {Limits{0, 10, 100}, Limits{10, 1, 100}, Limits{1, 10, 9}}) {
        expect_error<CheckError>([&] { evaluate_coco(problem, CocoOptions{limits}); }, {"max_detections"});
    }
    CocoOptions options;
    for (const double first : {0.0, -0.1, 0.9, 1.1}) {
        options.iou_thresholds.front() = first;
        expect_error<CheckError>([&] { evaluate_coco(problem, options); }, {"iou_thresholds"});
    }
}

TEST(CheckCocoProblem, RefusesIndicesOutOfRange) {
    const auto refused = [](const auto& change, const std::vector<std::string>& words) {
        CocoProblem problem = empty_problem(2, 1);
        annotate(problem, 0, 0, kHere);
        detect(problem, 0, 0, kHere, 1);
        change(problem);
        expect_error<CheckError>([&] { evaluate_coco(problem); }, words);
    };
    refused([](CocoProblem& p) { p.annotations[0].image = 2; }, {"annotation of image index 2", "2 images"});
    refused([](CocoProblem& p) { p.annotations[0].category = -1; }, {"annotation of category index -1"});
    refused([](CocoProblem& p) { p.detections[0].image = -1; }, {"detection of image index -1"});
    refused([](CocoProblem& p) { p.detections[0].category = 1; }, {"detection of category index 1", "1 categories"});
    refused([](CocoProblem& p) { p.judgements.resize(3); }, {"judgements has 3 entries", "= 2"});
}

TEST(CheckCocoProblem, RefusesValuesThatAreNotFiniteOrNegativeSizes) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    for (const CocoBox& box : {CocoBox{kNan, 0, 1, 1}, {0, kInfinity, 1, 1}, {0, 0, -1, 1}, {0, 0, 1, kNan}}) {
        CocoProblem problem = empty_problem(1, 1);
        detect(problem, 0, 0, kHere, 1);
        detect(problem, 0, 0, box, 1);
        expect_error<DataError>([&] { evaluate_coco(problem); }, {"detection 1 of image 1", "bad box or score"});
        problem.detections.clear();
        problem.annotations.push_back({0, 0, box, 1, false, false});
        expect_error<DataError>([&] { evaluate_coco(problem); }, {"annotation 0", "bad box, outline or area"});
    }
    CocoProblem problem = empty_problem(1, 1);
    detect(problem, 0, 0, kHere, kNan);
    expect_error<DataError>([&] { evaluate_coco(problem); }, {"detection 0", "score nan", "output finite"});
    problem = empty_problem(1, 1);
    problem.annotations.push_back({0, 0, kHere, kNan, false, false});
    expect_error<DataError>([&] { evaluate_coco(problem); }, {"annotation 0", "area nan"});
}

TEST(CocoProblem, AddsARegionForOneOrEveryCategory) {
    CocoProblem problem = empty_problem(1, 3);
    problem.add_ignore_region(0, 1, kHere);
    ASSERT_EQ(problem.annotations.size(), 1U);
    EXPECT_EQ(problem.annotations[0].category, 1);
    problem.add_ignore_region(0, -1, kThere);
    ASSERT_EQ(problem.annotations.size(), 4U);
    EXPECT_TRUE(problem.annotations[3].crowd);
    EXPECT_EQ(problem.annotations[3].area, 2500);
}

TEST(CocoProblem, TakesAPolygonThatFillsItsBoundsForABox) {
    CocoProblem problem = empty_problem(1, 1);
    problem.add_ignore_region(0, 0, Polygon({{10, 5}, {10, 40}, {30, 40}, {30, 5}}));
    EXPECT_TRUE(problem.annotations[0].outline.corners.empty());
    EXPECT_EQ(problem.annotations[0].box, (CocoBox{10, 5, 20, 35}));
}

TEST(ToCocoBox, KeepsTheCornerAndGivesTheSize) { EXPECT_EQ(to_coco_box(Box{1, 2, 4, 8}), (CocoBox{1, 2, 3, 6})); }

} // namespace
} // namespace banyan
