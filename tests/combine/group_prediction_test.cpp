#include "combine/group_prediction.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan::test {
namespace {

/// A matrix of three tasks with one number off the diagonal everywhere.
AffinityMatrix flat(const char* key, double diagonal, double other, double error = 0) {
    AffinityMatrix matrix{key, "", "", false, {}};
    matrix.values.assign(3, std::vector<MeasuredMean>(3, {other, error, 5}));
    for (std::size_t t = 0; t < 3; ++t) matrix.values[t][t] = {diagonal, error, 5};
    return matrix;
}

TaskAffinities affinities_of(std::vector<AffinityMatrix> matrices) {
    return {{"a", "b", "c"}, std::move(matrices), 0, ""};
}

/// Every measure at its best: only what any two tasks cost each other is left.
std::vector<AffinityMatrix> harmless() {
    return {flat(kLookAhead, 0.1, 0),   flat(kGradientCosine, 1, 0), flat(kScaleOverlap, 1, 1),
            flat(kAspectOverlap, 1, 1), flat(kPoolingDrop, 0, 0),    flat(kContainment, 1, 0)};
}

TEST(GroupPredictor, TakesTheMeasuredDropOfAPairRelativeToTheAp) {
    AffinityMatrix drops = flat(kTransplantDrop, std::nan(""), 0.02, 0.01);
    drops.values[1][0] = {-0.01, 0, 1};
    PredictionOptions options;
    options.accuracies = {0.5, 0.25, 1};
    options.measured_deviation = 0.03;
    const GroupPredictor predictor(affinities_of({drops}), options);
    EXPECT_DOUBLE_EQ(predictor.pair_drop(1, 0), -0.02) << "b helps a";
    EXPECT_DOUBLE_EQ(predictor.pair_drop(0, 1), 0.08);
    EXPECT_DOUBLE_EQ(predictor.pair_deviation(0, 1), std::hypot(0.01 / 0.25, 0.03));
    EXPECT_DOUBLE_EQ(predictor.pair_drop(0, 2), 0.02);
}

TEST(GroupPredictor, AddsUpWhatTasksLackWhereNoMergeWasMeasured) {
    PredictionOptions options;
    EXPECT_DOUBLE_EQ(GroupPredictor(affinities_of(harmless()), options).pair_drop(0, 1), options.pair_drop);
    std::vector<AffinityMatrix> bad{flat(kLookAhead, 0.1, -0.05), flat(kGradientCosine, 1, -0.5),
                                    flat(kScaleOverlap, 1, 0.25), flat(kAspectOverlap, 1, 0.5),
                                    flat(kPoolingDrop, 0, 0.1),   flat(kContainment, 1, 0.4)};
    const double expected = options.pair_drop + options.look_ahead * 0.5 + options.cosine * 0.5 + options.scale * 0.75 +
                            options.aspect * 0.5 + options.pooling * 0.1 - options.containment * 0.4;
    EXPECT_DOUBLE_EQ(GroupPredictor(affinities_of(bad), options).pair_drop(0, 1), expected);
    // The nearer a measure is to its best, the less is lost.
    for (std::size_t i = 0; i < bad.size(); ++i) {
        std::vector<AffinityMatrix> better = bad;
        better[i] = harmless()[i];
        if (bad[i].key == kContainment) better[i] = flat(kContainment, 1, 1);
        EXPECT_LT(GroupPredictor(affinities_of(better), options).pair_drop(0, 1), expected) << bad[i].key;
    }
}

TEST(GroupPredictor, IsUnsureOfWhatWasNotMeasured) {
    const PredictionOptions options;
    const GroupPredictor all(affinities_of(harmless()), options);
    EXPECT_DOUBLE_EQ(all.pair_deviation(0, 1), options.pair_deviation);
    std::vector<AffinityMatrix> fewer = harmless();
    fewer.erase(fewer.begin() + 2); // scales
    const GroupPredictor some(affinities_of(fewer), options);
    EXPECT_DOUBLE_EQ(some.pair_drop(0, 1), all.pair_drop(0, 1) + options.scale / 2);
    EXPECT_DOUBLE_EQ(some.pair_deviation(0, 1), std::hypot(options.pair_deviation, options.scale / 2));
    EXPECT_GT(GroupPredictor(affinities_of({}), options).pair_deviation(0, 1), some.pair_deviation(0, 1));
    std::vector<AffinityMatrix> noisy = harmless();
    noisy[1] = flat(kGradientCosine, 1, 0, 0.5);
    EXPECT_DOUBLE_EQ(GroupPredictor(affinities_of(noisy), options).pair_deviation(0, 1),
                     std::hypot(options.pair_deviation, 0.5 * options.cosine));
    noisy[0] = flat(kLookAhead, 0, 0.1); // no progress of its own: no share of it
    EXPECT_TRUE(std::isfinite(GroupPredictor(affinities_of(noisy), options).pair_drop(0, 1)));
}

TEST(GroupPredictor, PutsPairsThatWereNotMergedOnTheScaleOfThoseThatWere) {
    std::vector<AffinityMatrix> matrices = harmless();
    AffinityMatrix drops = flat(kTransplantDrop, std::nan(""), std::nan(""));
    drops.values[0][1].mean = 0.2; // far from what its measures tell: an untrained merge
    drops.values[1][0].mean = 0.1;
    matrices.push_back(drops);
    matrices[2].values[2][0].mean = 0.5; // scales of c and a
    const PredictionOptions options;
    const GroupPredictor predictor(affinities_of(matrices), options);
    EXPECT_DOUBLE_EQ(predictor.pair_drop(0, 1), 0.2);
    EXPECT_DOUBLE_EQ(predictor.pair_drop(1, 2), 0.15) << "their mean";
    EXPECT_DOUBLE_EQ(predictor.pair_drop(2, 0), 0.15 + options.scale * 0.5);
    EXPECT_NEAR(predictor.pair_deviation(1, 2), std::hypot(options.pair_deviation, 0.05), 1e-12) << "their spread";
}

TEST(GroupPredictor, ComparesCosinesWithWhatNoiseAllows) {
    const PredictionOptions options;
    const auto drop = [&](double diagonal, double other) {
        std::vector<AffinityMatrix> matrices = harmless();
        matrices[1] = flat(kGradientCosine, diagonal, other, 0.1);
        return GroupPredictor(affinities_of(matrices), options).pair_drop(0, 1);
    };
    EXPECT_DOUBLE_EQ(drop(0.5, 0.25), options.pair_drop - options.cosine * 0.5);
    EXPECT_DOUBLE_EQ(drop(0.1, 0.25), options.pair_drop - options.cosine) << "at most 1";
    EXPECT_DOUBLE_EQ(drop(-0.1, 0.25), drop(0, 0.25)) << "squares of noise below 0 are no scale";
}

TEST(GroupPredictor, LosesMoreInLargerGroupsAndIsLessSureThere) {
    AffinityMatrix drops = flat(kTransplantDrop, std::nan(""), 0.02);
    drops.values[2][0].mean = 0.06;
    PredictionOptions options;
    options.measured_deviation = 0.01;
    options.growth_deviation = 0.02;
    const auto predicted = [&](double growth, TaskSet tasks) {
        options.growth = growth;
        return GroupPredictor(affinities_of({drops}), options).predict(tasks);
    };
    EXPECT_DOUBLE_EQ(predicted(0, 0b111).losses[0], 0.04) << "the mean";
    EXPECT_DOUBLE_EQ(predicted(1, 0b111).losses[0], 0.08) << "the sum";
    EXPECT_DOUBLE_EQ(predicted(0.5, 0b111).losses[0], 0.04 * std::sqrt(2.0));
    EXPECT_DOUBLE_EQ(predicted(0.5, 0b101).losses[0], 0.06);
    EXPECT_DOUBLE_EQ(predicted(0.5, 0b101).variances[0], 1e-4);
    EXPECT_DOUBLE_EQ(predicted(1, 0b111).variances[0], 2e-4 + 4e-4);
    drops.values[1][0].mean = 3; // of a network that finds next to nothing
    EXPECT_EQ(predicted(1, 0b111).losses[0], 1);
    const GroupCandidate alone = predicted(0.5, 0b001);
    EXPECT_EQ(alone.losses[0], 0);
    EXPECT_EQ(alone.variances[0], 0);
    EXPECT_TRUE(std::isnan(alone.losses[1]));
}

TEST(GroupPredictor, RefusesWhatIsNoAccuracyOrGroup) {
    const auto with = [](std::vector<double> accuracies) {
        PredictionOptions options;
        options.accuracies = std::move(accuracies);
        return GroupPredictor(affinities_of({}), options);
    };
    expect_error<CheckError>([&] { with({0.5}); }, {"each of 3 tasks"});
    expect_error<CheckError>([&] { with({0.5, 0, 1}); }, {"(0, 1]"});
    expect_error<CheckError>([&] { with({}).predict(0); }, {"no task"});
    expect_error<CheckError>([&] { with({}).predict(0b1000); }, {"there is not"});
}

} // namespace
} // namespace banyan::test
