#include "eval/paired_bootstrap.h"

#include <cmath>
#include <functional>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "eval/coco_grouping.h"
#include "eval/coco_metrics.h"
#include "eval/image_resamples.h"
#include "eval/resampled_precision.h"
#include "small_problem.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using test::annotate;
using test::detect;
using test::empty_problem;

/// Everything that a ground truth may say: crowds, partial and unknown labels, classes rarely there.
CocoProblem mixed_truth(std::uint64_t seed, std::int32_t images, std::int32_t categories) {
    CocoProblem problem = empty_problem(static_cast<std::size_t>(images), static_cast<std::size_t>(categories));
    Random random(seed);
    for (std::int32_t image = 0; image < images; ++image) {
        for (std::int32_t category = 0; category < categories; ++category) {
            const std::int64_t objects = random.integer(0, category == 0 ? 5 : 1);
            for (std::int64_t i = 0; i < objects; ++i) {
                annotate(problem, image, category,
                         {random.uniform(0, 400), random.uniform(0, 400), random.uniform(20, 150), 100});
            }
            if (random.chance(0.1)) problem.add_ignore_region(image, category, CocoBox{0, 0, 200, 200});
            const CocoJudgement judgement = random.chance(0.15)   ? CocoJudgement::partial
                                            : random.chance(0.15) ? CocoJudgement::unknown
                                                                  : CocoJudgement::judged;
            problem.set_judgement(static_cast<std::size_t>(image), static_cast<std::size_t>(category), judgement);
        }
    }
    return problem;
}

/// Finds an object with probability `found`, up to `noise` pixels off; up to two false alarms an image and class.
std::vector<CocoDetection> noisy_detections(const CocoProblem& truth, std::uint64_t seed, double found, double noise) {
    CocoProblem problem;
    Random random(seed);
    for (const CocoAnnotation& each : truth.annotations) {
        if (!random.chance(found)) continue;
        CocoBox box = each.box;
        box.x += random.uniform(-noise, noise);
        box.y += random.uniform(-noise, noise);
        detect(problem, each.image, each.category, box, random.uniform(0.2, 1));
    }
    for (std::size_t image = 0; image < truth.images.size(); ++image) {
        for (std::size_t category = 0; category < truth.categories.size(); ++category) {
            for (std::int64_t i = random.integer(0, 2); i > 0; --i) {
                const CocoBox box{random.uniform(0, 400), random.uniform(0, 400), 50, 50};
                detect(problem, static_cast<std::int32_t>(image), static_cast<std::int32_t>(category), box,
                       random.uniform(0, 0.8));
            }
        }
    }
    return problem.detections;
}

/// The problem with every image written out as often as it was drawn, copies side by side.
CocoProblem written_out(const CocoProblem& problem, const ImageResamples& resamples, std::size_t lane) {
    CocoProblem copy;
    copy.categories = problem.categories;
    for (std::size_t image = 0; image < problem.images.size(); ++image) {
        for (std::int32_t i = 0; i < resamples.of(image)[lane]; ++i) {
            const auto place = static_cast<std::int32_t>(copy.images.size());
            copy.images.push_back({place + 1});
            const auto is_here = [&](const auto& record) { return static_cast<std::size_t>(record.image) == image; };
            for (CocoAnnotation each : problem.annotations) {
                if (!is_here(each)) continue;
                each.image = place;
                copy.annotations.push_back(each);
            }
            for (CocoDetection each : problem.detections) {
                if (!is_here(each)) continue;
                each.image = place;
                copy.detections.push_back(each);
            }
            for (std::size_t k = 0; k < problem.categories.size(); ++k) {
                copy.judgements.push_back(problem.judgement(image, k));
            }
        }
    }
    return copy;
}

ResampledValues resampled_values(const CocoProblem& problem, std::size_t category, const ImageResamples& resamples) {
    const CocoGrouping annotations(problem.annotations, problem.images.size(), problem.categories.size());
    const CocoGrouping detections(problem.detections, problem.images.size(), problem.categories.size());
    CategoryMatcher matcher(problem, CocoOptions());
    ResampledRecall recall(problem, category);
    recall.use(resamples);
    ResampledPrecision precision(problem, matcher.match(category, annotations.of(category), detections.of(category)));
    return precision.values(resamples, recall);
}

TEST(ImageResamples, DrawAsManyImagesAsThereAreAndNotAlwaysTheSame) {
    const ImageResamples resamples(50, 3, 64);
    std::map<std::int32_t, int> counts;
    for (std::size_t lane = 0; lane < kResampleLanes; ++lane) {
        std::int32_t drawn = 0;
        for (std::size_t image = 0; image < 50; ++image) {
            drawn += resamples.of(image)[lane];
            ++counts[resamples.of(image)[lane]];
        }
        EXPECT_EQ(drawn, 50);
    }
    // Poisson-like: an image is left out with probability (1 - 1/50)^50 = 0.364.
    EXPECT_NEAR(counts[0] / 3200.0, 0.364, 0.02);
    EXPECT_NE(resamples.of(0), ImageResamples(50, 4, 64).of(0));
    EXPECT_NE(resamples.of(0), ImageResamples(50, 3, 0).of(0));
    EXPECT_EQ(resamples.of(7), ImageResamples(50, 3, 64).of(7));
}

TEST(ResampledPrecision, EqualsTheEvaluationOfTheImagesWrittenOut) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        CocoProblem problem = mixed_truth(seed, 14, 3);
        problem.detections = noisy_detections(problem, seed + 100, 0.8, 12);
        const ImageResamples resamples(problem.images.size(), seed, 0);
        std::vector<ResampledValues> values;
        for (std::size_t k = 0; k < 3; ++k) values.push_back(resampled_values(problem, k, resamples));
        for (std::size_t lane = 0; lane < kResampleLanes; ++lane) {
            const CocoResult expected = evaluate_coco(written_out(problem, resamples, lane));
            for (std::size_t k = 0; k < 3; ++k) {
                const CocoStats& stats = expected.per_class[k].stats;
                EXPECT_NEAR(values[k].ap[lane], stats[CocoStat::ap], 1e-12) << seed << " " << lane << " " << k;
                EXPECT_NEAR(values[k].ap50[lane], stats[CocoStat::ap50], 1e-12) << seed << " " << lane << " " << k;
            }
        }
    }
}

TEST(ResampledPrecision, HasNoValueWhereNoObjectWasDrawn) {
    CocoProblem problem = empty_problem(20, 1);
    annotate(problem, 3, 0, {0, 0, 40, 40});
    detect(problem, 3, 0, {0, 0, 40, 40}, 0.9);
    const ImageResamples resamples(20, 1, 0);
    const ResampledValues values = resampled_values(problem, 0, resamples);
    int without = 0;
    for (std::size_t lane = 0; lane < kResampleLanes; ++lane) {
        const bool drawn = resamples.of(3)[lane] > 0;
        without += !drawn;
        EXPECT_NEAR(values.ap[lane], drawn ? 1 : -1, 1e-12);
    }
    EXPECT_GT(without, 0);
}

TEST(PairedBootstrap, EstimatesAreThoseOfTheEvaluation) {
    CocoProblem problem = mixed_truth(9, 30, 3);
    problem.categories[0].task = problem.categories[1].task = "both";
    const std::vector<CocoDetection> found = noisy_detections(problem, 1, 0.9, 8);
    const BootstrapResult result = paired_bootstrap(problem, {{"a", {found}}}, {100});
    problem.detections = found;
    const CocoResult expected = evaluate_coco(problem);
    ASSERT_EQ(result.classes.size(), 3U);
    ASSERT_EQ(result.tasks.size(), 2U);
    EXPECT_EQ(result.tasks[0].name, "both");
    EXPECT_EQ(result.tasks[1].name, "class 2");
    EXPECT_EQ(result.images, 30U);
    std::vector<double> ap;
    for (std::size_t k = 0; k < 3; ++k) {
        ap.push_back(expected.per_class[k].stats[CocoStat::ap]);
        EXPECT_EQ(result.classes[k].ap.sides[0].estimate, ap[k]);
        EXPECT_EQ(result.classes[k].ap50.sides[0].estimate, expected.per_class[k].stats[CocoStat::ap50]);
        EXPECT_LT(result.classes[k].ap.sides[0].low, ap[k]);
        EXPECT_GT(result.classes[k].ap.sides[0].high, ap[k]);
    }
    EXPECT_NEAR(result.tasks[0].ap.sides[0].estimate, (ap[0] + ap[1]) / 2, 1e-12);
    EXPECT_NEAR(result.mean.ap.sides[0].estimate, ((ap[0] + ap[1]) / 2 + ap[2]) / 2, 1e-12);
}

TEST(PairedBootstrap, EqualDetectionsDifferByNothing) {
    const CocoProblem truth = mixed_truth(4, 20, 2);
    const std::vector<CocoDetection> found = noisy_detections(truth, 2, 0.7, 10);
    const BootstrapResult result = paired_bootstrap(truth, {{"a", {found}}, {"b", {found, found}}}, {200});
    for (const BootstrapRow* row : {&result.classes[0], &result.classes[1], &result.mean}) {
        for (const BootstrapMetric* metric : {&row->ap, &row->ap50}) {
            ASSERT_EQ(metric->differences.size(), 1U);
            EXPECT_EQ(metric->differences[0].estimate, 0);
            EXPECT_EQ(metric->differences[0].low, 0);
            EXPECT_EQ(metric->differences[0].high, 0);
            EXPECT_EQ(metric->differences[0].share_above_zero, 0);
            EXPECT_GT(metric->sides[0].high, metric->sides[0].low);
        }
    }
}

/// `images` pictures of one object; detectors differ in which they find.
CocoProblem one_object_each(std::int32_t images) {
    CocoProblem problem = empty_problem(static_cast<std::size_t>(images), 1);
    for (std::int32_t i = 0; i < images; ++i) annotate(problem, i, 0, {10, 10, 50, 50});
    return problem;
}

std::vector<CocoDetection> finds(std::int32_t images, const std::function<bool(std::int32_t)>& found) {
    std::vector<CocoDetection> detections;
    for (std::int32_t i = 0; i < images; ++i) {
        if (found(i)) detections.push_back({i, 0, {10, 10, 50, 50}, 0.5 + 0.001 * i});
    }
    return detections;
}

TEST(PairedBootstrap, KnowsTheSpreadOfABinomialShare) {
    // Without false alarms AP50 is the share of the objects that are found, in steps of 1/101: a share of 0.6 of 400
    // has a standard deviation of sqrt(0.6 * 0.4 / 400) = 0.0245, its 95 % interval is 1.96 of them to each side.
    constexpr std::int32_t kImages = 400;
    const CocoProblem truth = one_object_each(kImages);
    const auto some = finds(kImages, [](std::int32_t i) { return i % 5 < 3; });
    const auto all = finds(kImages, [](std::int32_t) { return true; });
    const BootstrapResult result = paired_bootstrap(truth, {{"all", {all}}, {"some", {some}}}, {2000});
    const BootstrapMetric& metric = result.mean.ap50;
    EXPECT_NEAR(metric.sides[0].estimate, 1, 1e-12);
    EXPECT_NEAR(metric.sides[0].low, 1, 1e-12);
    EXPECT_NEAR(metric.sides[1].estimate, 0.6, 0.01);
    EXPECT_NEAR(metric.sides[1].low, 0.6 - 1.96 * 0.0245, 0.012);
    EXPECT_NEAR(metric.sides[1].high, 0.6 + 1.96 * 0.0245, 0.012);
    EXPECT_NEAR(metric.differences[0].estimate, 0.4, 0.01);
    EXPECT_NEAR(metric.differences[0].low, 0.4 - 1.96 * 0.0245, 0.012);
    EXPECT_EQ(metric.differences[0].share_above_zero, 1);
}

TEST(PairedBootstrap, PairingTakesOutWhatBothSidesShare) {
    // Both miss the same hard fifth of the images; b misses two more of 100. Either number alone is as unsure as a
    // share of 0.8, their difference only as a share of 0.02.
    const CocoProblem truth = one_object_each(100);
    const auto a = finds(100, [](std::int32_t i) { return i % 5 != 0; });
    const auto b = finds(100, [](std::int32_t i) { return i % 5 != 0 && i != 11 && i != 12; });
    const BootstrapMetric metric = paired_bootstrap(truth, {{"a", {a}}, {"b", {b}}}, {1000}).mean.ap50;
    const double alone = metric.sides[0].high - metric.sides[0].low;
    const double paired = metric.differences[0].high - metric.differences[0].low;
    EXPECT_GT(alone, 0.12);
    EXPECT_LT(paired, 0.07);
    EXPECT_GE(metric.differences[0].low, 0);
    EXPECT_NEAR(metric.differences[0].share_above_zero, 1 - std::pow(0.98, 100), 0.05);
}

TEST(PairedBootstrap, ASideIsTheMeanOfItsSeeds) {
    const CocoProblem truth = one_object_each(60);
    const auto all = finds(60, [](std::int32_t) { return true; });
    const auto none = finds(60, [](std::int32_t) { return false; });
    const BootstrapSide side{"both", {all, none}};
    BootstrapOptions options;
    options.resamples = 500;
    const BootstrapEstimate fixed = paired_bootstrap(truth, {side}, options).mean.ap.sides[0];
    EXPECT_NEAR(fixed.estimate, 0.5, 1e-12);
    EXPECT_NEAR(fixed.low, 0.5, 1e-12);
    EXPECT_NEAR(fixed.high, 0.5, 1e-12);
    options.resample_seeds = true; // (all, all), (all, none) twice, (none, none)
    const BootstrapEstimate drawn = paired_bootstrap(truth, {side}, options).mean.ap.sides[0];
    EXPECT_NEAR(drawn.estimate, 0.5, 1e-12);
    EXPECT_NEAR(drawn.low, 0, 1e-12);
    EXPECT_NEAR(drawn.high, 1, 1e-12);
}

TEST(PairedBootstrap, IsAFunctionOfItsSeed) {
    const CocoProblem truth = mixed_truth(2, 20, 2);
    const std::vector<BootstrapSide> sides{{"a", {noisy_detections(truth, 1, 0.8, 10)}},
                                           {"b", {noisy_detections(truth, 2, 0.6, 10)}}};
    const auto low = [&](std::uint64_t seed) {
        return paired_bootstrap(truth, sides, {130, seed}).mean.ap.differences[0].low;
    };
    EXPECT_EQ(low(5), low(5));
    EXPECT_NE(low(5), low(6));
}

TEST(PairedBootstrap, HasNoValueWithoutGroundTruth) {
    const CocoProblem nothing = empty_problem(3, 1);
    const BootstrapResult result = paired_bootstrap(nothing, {{"a", {{}}}, {"b", {{}}}}, {10});
    EXPECT_EQ(result.mean.ap.sides[1].estimate, -1);
    EXPECT_EQ(result.mean.ap.differences[0].estimate, 0);
    EXPECT_EQ(result.classes[0].ap50.sides[0].low, -1);
    EXPECT_TRUE(paired_bootstrap(empty_problem(0, 0), {{"a", {{}}}}, {10}).classes.empty());
}

TEST(PairedBootstrap, RefusesBadArguments) {
    const CocoProblem truth = one_object_each(2);
    expect_error<CheckError>([&] { paired_bootstrap(truth, {}); }, {"no side"});
    expect_error<CheckError>([&] { paired_bootstrap(truth, {{"a", {}}}); }, {"side a"});
    expect_error<CheckError>([&] { paired_bootstrap(truth, {{"a", {{}}}}, {0}); }, {"resamples"});
    expect_error<CheckError>([&] { paired_bootstrap(truth, {{"a", {{}}}}, {10, 1, 1.0}); }, {"confidence"});
}

} // namespace
} // namespace banyan
