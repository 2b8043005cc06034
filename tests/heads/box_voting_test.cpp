#include "heads/box_voting.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "support/expect_error.h"
#include "support/random_boxes.h"

namespace banyan {
namespace {

TEST(VoteBoxes, TakesTheMeanByScoreOfWhatOverlaps) {
    // The second overlaps the first by 90 / 110, the third by less than a half, the fourth is of another class.
    const std::vector<ScoredBox> all{
        {{0, 0, 10, 10}, 0.75F, 0}, {{1, 0, 11, 10}, 0.25F, 0}, {{6, 0, 16, 10}, 0.5F, 0}, {{1, 0, 11, 10}, 0.5F, 1}};
    std::vector<ScoredBox> kept{all[0]};
    vote_boxes(kept, all, 0.5F);
    EXPECT_EQ(kept[0].box, (Box{0.25F, 0, 10.25F, 10}));
    EXPECT_EQ(kept[0].score, 0.75F);
    EXPECT_EQ(kept[0].class_id, 0);
}

TEST(VoteBoxes, ComparesWithTheBoxesBeforeTheyMove) {
    const std::vector<ScoredBox> all{{{0, 0, 10, 10}, 0.5F, 0}, {{2, 0, 12, 10}, 0.5F, 0}};
    std::vector<ScoredBox> kept = all;
    vote_boxes(kept, all, 0.5F);
    EXPECT_EQ(kept[0].box, (Box{1, 0, 11, 10}));
    EXPECT_EQ(kept[1].box, (Box{1, 0, 11, 10}));
}

TEST(VoteBoxes, LeavesLonelyBoxesAsTheyAre) {
    std::vector<ScoredBox> all;
    for (const Box& box : random_boxes(50, 3)) all.push_back({box, 0.3F, static_cast<int>(all.size())});
    std::vector<ScoredBox> kept = all;
    vote_boxes(kept, all, 0.5F);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(kept[i].box, all[i].box);
}

TEST(VoteBoxes, StaysWithinTheVoters) {
    Random random(4);
    std::vector<ScoredBox> all;
    for (int i = 0; i < 60; ++i) {
        const auto x = static_cast<float>(random.uniform(0, 6)), y = static_cast<float>(random.uniform(0, 6));
        all.push_back({{x, y, x + 20, y + 20}, static_cast<float>(random.uniform()), 0});
    }
    std::vector<ScoredBox> kept{all[0]};
    vote_boxes(kept, all, 0.3F);
    EXPECT_GE(kept[0].box.x0, 0);
    EXPECT_LE(kept[0].box.x1, 26);
    EXPECT_NEAR(kept[0].box.width(), 20, 1e-4);
    // The mean of many lies nearer to the middle than the first does.
    EXPECT_NEAR(kept[0].box.x0, 3, 1);
    EXPECT_NEAR(kept[0].box.y0, 3, 1);
}

TEST(VoteBoxes, RefusesAnOverlapOutOfRange) {
    std::vector<ScoredBox> kept;
    expect_error<CheckError>([&] { vote_boxes(kept, {}, 0); }, {"(0, 1]", "0"});
    expect_error<CheckError>([&] { vote_boxes(kept, {}, 1.5F); }, {"1.5"});
}

} // namespace
} // namespace banyan
