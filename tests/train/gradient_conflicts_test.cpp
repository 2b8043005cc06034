#include "train/gradient_conflicts.h"

#include <cmath>

#include <gtest/gtest.h>

namespace banyan {
namespace {

TEST(RunningMean, EqualsTheTextbookFormula) {
    RunningMean mean;
    EXPECT_TRUE(std::isnan(mean.standard_error()));
    for (const double value : {1.0, 2.0, 4.0, 7.0}) mean.add(value);
    EXPECT_DOUBLE_EQ(mean.mean, 3.5);
    EXPECT_NEAR(mean.standard_error(), std::sqrt((6.25 + 2.25 + 0.25 + 12.25) / 3 / 4), 1e-12);
}

TEST(GradientConflicts, TellCosineAndNormRatioOfEachPair) {
    GradientConflicts conflicts;
    // face (3, 4), hand (-4, 3) * 2, head (-3, -4)
    const auto pairs = conflicts.add({"face", "hand", "head"}, {{25, 0, -25}, {0, 100, 0}, {-25, 0, 25}});
    ASSERT_EQ(pairs.size(), 3U);
    EXPECT_EQ(pairs[0].a + pairs[0].b, "facehand");
    EXPECT_EQ(pairs[0].cosine, 0);
    EXPECT_EQ(pairs[0].norm_ratio, 0.5);
    EXPECT_EQ(pairs[0].log2_ratios.mean, -1);
    EXPECT_EQ(pairs[1].a + pairs[1].b, "facehead");
    EXPECT_EQ(pairs[1].cosine, -1);
    EXPECT_EQ(pairs[1].norm_ratio, 1);
}

TEST(GradientConflicts, AverageOverTheStepsInWhichBothArePresent) {
    GradientConflicts conflicts;
    conflicts.add({"face", "hand"}, {{1, 0.5}, {0.5, 1}});
    conflicts.add({"face"}, {{1}});
    conflicts.add({"face", "hand"}, {{1, 0}, {0, 0}}); // the hands give the trunk nothing
    const auto pairs = conflicts.add({"face", "hand"}, {{4, 0}, {0, 1}});
    ASSERT_EQ(pairs.size(), 1U);
    EXPECT_EQ(pairs[0].cosines.count, 2);
    EXPECT_EQ(pairs[0].cosines.mean, 0.25);
    EXPECT_EQ(pairs[0].cosines.standard_error(), 0.25);
    EXPECT_EQ(pairs[0].log2_ratios.mean, 0.5);
}

TEST(GradientConflicts, StateGoesOn) {
    GradientConflicts run, resumed;
    run.add({"face", "hand"}, {{1, 0.3}, {0.3, 1}});
    resumed.add({"face", "foot"}, {{1, 0.3}, {0.3, 1}}); // must go
    resumed.load_state(run.state());
    run.add({"face", "hand"}, {{2, -0.7}, {-0.7, 1}});
    resumed.add({"face", "hand"}, {{2, -0.7}, {-0.7, 1}});
    EXPECT_EQ(run.state(), resumed.state());
    EXPECT_EQ(run.state().at("face/hand").size(), GradientConflicts::kStateSize);
}

} // namespace
} // namespace banyan
