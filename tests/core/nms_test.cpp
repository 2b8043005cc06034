#include "core/nms.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "support/expect_error.h"
#include "support/random_boxes.h"

namespace banyan {
namespace {

using testing::ElementsAre;

/// `levels` different scores: few of them make many ties.
std::vector<ScoredBox> random_scored_boxes(std::size_t count, std::uint64_t seed, int classes, int levels) {
    Random random(seed, 1);
    std::vector<ScoredBox> boxes;
    for (const Box& box : random_boxes(count, seed, 100, 100)) {
        boxes.push_back({box, static_cast<float>(random.integer(0, levels)) / static_cast<float>(levels),
                         static_cast<int>(random.integer(0, classes - 1))});
    }
    return boxes;
}

/// The definition itself: again and again the best of what is left, which then removes its rivals.
std::vector<std::size_t> nms_by_definition(const std::vector<ScoredBox>& boxes, const NmsOptions& options) {
    std::vector<std::size_t> left(boxes.size());
    std::iota(left.begin(), left.end(), std::size_t{0});
    std::vector<std::size_t> kept;
    while (!left.empty() && kept.size() < options.max_detections) {
        std::size_t best = left.front();
        for (const std::size_t index : left) {
            if (boxes[index].score > boxes[best].score) best = index;
        }
        kept.push_back(best);
        std::erase_if(left, [&](std::size_t index) {
            const Box &a = boxes[index].box, &b = boxes[best].box;
            double overlap = double{iou(a, b)};
            if (options.kind == NmsKind::diou) {
                const Box around{std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1, b.x1),
                                 std::max(a.y1, b.y1)};
                const double dx = double{a.x0 + a.x1 - b.x0 - b.x1} / 2, dy = double{a.y0 + a.y1 - b.y0 - b.y1} / 2;
                overlap -= (dx * dx + dy * dy) / (std::pow(around.width(), 2.0) + std::pow(around.height(), 2.0));
            }
            const bool rival = boxes[index].class_id == boxes[best].class_id && overlap > options.iou_threshold;
            return index == best || rival;
        });
    }
    return kept;
}

std::vector<ScoredBox> select(const std::vector<ScoredBox>& boxes, const std::vector<std::size_t>& indices) {
    std::vector<ScoredBox> selected;
    for (const std::size_t index : indices) selected.push_back(boxes[index]);
    return selected;
}

/// Scores fall for each better box of the class, one after the other.
std::vector<ScoredBox> soft_by_definition(std::vector<ScoredBox> left, const NmsOptions& options) {
    std::vector<ScoredBox> kept;
    while (!left.empty() && kept.size() < options.max_detections) {
        std::stable_sort(left.begin(), left.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
        const ScoredBox best = left.front();
        if (best.score < options.soft_lowest_score) break;
        left.erase(left.begin());
        kept.push_back(best);
        for (ScoredBox& box : left) {
            const float overlap = box.class_id == best.class_id ? iou(box.box, best.box) : 0.0F;
            box.score *= std::exp(-overlap * overlap / options.soft_sigma);
        }
    }
    return kept;
}

TEST(Nms, KeepsTheBestOfEachClass) {
    const Box place{0, 0, 10, 10};
    const Box elsewhere{50, 50, 60, 60};
    const std::vector<ScoredBox> boxes{{place, 0.5F, 0}, {place, 0.9F, 0}, {place, 0.4F, 1}, {elsewhere, 0.1F, 0}};
    EXPECT_THAT(nms(boxes, {}), ElementsAre(1, 2, 3));
}

TEST(Nms, DropsOnlyWhatOverlapsByMoreThanTheThreshold) {
    // IoU is 5 / 15 = 1/3.
    const std::vector<ScoredBox> boxes{{{0, 0, 10, 1}, 0.9F, 0}, {{5, 0, 15, 1}, 0.8F, 0}};
    EXPECT_THAT(nms(boxes, {.iou_threshold = 1.0F / 3.0F, .max_detections = 9}), ElementsAre(0, 1));
    EXPECT_THAT(nms(boxes, {.iou_threshold = 0.33F, .max_detections = 9}), ElementsAre(0));
}

TEST(Nms, IsNotSilencedByADroppedBox) {
    // 0 removes 1; 1 alone would have removed 2, but it is gone.
    const std::vector<ScoredBox> boxes{{{0, 0, 10, 1}, 0.9F, 0}, {{4, 0, 14, 1}, 0.8F, 0}, {{8, 0, 18, 1}, 0.7F, 0}};
    EXPECT_THAT(nms(boxes, {.iou_threshold = 0.4F, .max_detections = 9}), ElementsAre(0, 2));
}

TEST(Nms, PrefersTheLowerIndexAmongEqualScores) {
    const std::vector<ScoredBox> boxes{{{0, 0, 9, 10}, 0.5F, 0}, {{0, 0, 10, 10}, 0.5F, 0}};
    EXPECT_THAT(nms(boxes, {}), ElementsAre(0));
}

TEST(Nms, AgreesWithItsDefinition) {
    for (std::uint64_t seed = 0; seed < 120; ++seed) {
        const auto boxes = random_scored_boxes(60, seed, 1 + static_cast<int>(seed % 3), seed % 2 == 0 ? 5 : 100000);
        const NmsOptions options{.iou_threshold = 0.1F + 0.2F * static_cast<float>(seed % 5),
                                 .max_detections = seed % 4 == 0 ? std::size_t{7} : std::size_t{100}};
        ASSERT_EQ(nms(boxes, options), nms_by_definition(boxes, options)) << "seed " << seed;
    }
}

/// Boxes that are kept are tested in blocks: here there are many of them.
TEST(Nms, AgreesWithItsDefinitionWhereManyAreKept) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const auto boxes = random_scored_boxes(400, seed, 1, 100000);
        NmsOptions options{.iou_threshold = 0.15F + 0.2F * static_cast<float>(seed % 5), .max_detections = 400};
        if (seed % 2 == 1) options.kind = NmsKind::diou;
        ASSERT_EQ(nms(boxes, options), nms_by_definition(boxes, options)) << "seed " << seed;
    }
}

TEST(Nms, GoesByTheOverlapOfTinyAndOfHugeBoxes) {
    for (const float side : {1e-30F, 1e-15F, 1e15F, 1e30F}) {
        const std::vector<ScoredBox> boxes{{{0, 0, side, side}, 0.9F, 0},
                                           {{0, 0, side, 0.9F * side}, 0.8F, 0},
                                           {{0, 0, 1, 1}, 0.7F, 0},
                                           {{0, 0, side, 0.1F * side}, 0.6F, 0}};
        EXPECT_THAT(nms(boxes, {}), ElementsAre(0, 2, 3)) << side;
    }
}

TEST(Nms, IsIdempotent) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const auto boxes = random_scored_boxes(80, seed, 2, 1000);
        const std::vector<ScoredBox> once = select(boxes, nms(boxes, {.iou_threshold = 0.3F, .max_detections = 999}));
        std::vector<std::size_t> all(once.size());
        std::iota(all.begin(), all.end(), std::size_t{0});
        ASSERT_EQ(nms(once, {.iou_threshold = 0.3F, .max_detections = 999}), all) << "seed " << seed;
    }
}

TEST(Nms, DoesNotDependOnTheOrderOfItsInput) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        auto boxes = random_scored_boxes(80, seed, 3, 1000);
        for (std::size_t i = 0; i < boxes.size(); ++i) boxes[i].score = static_cast<float>(i + 1) / 100.0F; // no ties
        Random random(seed);
        random.shuffle(boxes);
        auto shuffled = boxes;
        random.shuffle(shuffled);
        const std::vector<ScoredBox> kept = select(boxes, nms(boxes, {}));
        const std::vector<ScoredBox> again = select(shuffled, nms(shuffled, {}));
        ASSERT_EQ(kept.size(), again.size()) << "seed " << seed;
        for (std::size_t i = 0; i < kept.size(); ++i) ASSERT_EQ(kept[i].box, again[i].box) << "seed " << seed;
    }
}

TEST(Nms, OutputIsSortedAndBounded) {
    const auto boxes = random_scored_boxes(300, 5, 4, 1000);
    for (const std::size_t most : {std::size_t{0}, std::size_t{1}, std::size_t{20}}) {
        const auto kept = nms(boxes, {.iou_threshold = 0.9F, .max_detections = most});
        EXPECT_EQ(kept.size(), most);
        for (std::size_t i = 1; i < kept.size(); ++i) EXPECT_GE(boxes[kept[i - 1]].score, boxes[kept[i]].score);
    }
    EXPECT_TRUE(nms({}, {}).empty());
}

TEST(Nms, ThresholdOneDropsNothing) {
    const std::vector<ScoredBox> boxes(5, ScoredBox{{0, 0, 1, 1}, 0.5F, 0});
    EXPECT_EQ(nms(boxes, {.iou_threshold = 1.0F, .max_detections = 9}).size(), 5U);
}

TEST(Nms, RefusesBadThresholdsAndNonFiniteBoxes) {
    for (const float threshold : {0.0F, -1.0F, 1.01F, std::numeric_limits<float>::quiet_NaN()}) {
        expect_error<CheckError>([&] { nms({}, {.iou_threshold = threshold, .max_detections = 1}); },
                                 {"nms", "iou_threshold"});
    }
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    expect_error<CheckError>([&] { nms({{{0, 0, 1, 1}, 1, 0}, {{0, 0, 1, 1}, kNan, 0}}, {}); }, {"nms: box 1"});
    expect_error<CheckError>([&] { nms({{{0, 0, kInfinity, 1}, 1, 0}}, {}); }, {"nms: box 0"});
}

TEST(Nms, ByDiouFollowsItsDefinition) {
    std::size_t greedy_kept = 0, diou_kept = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const std::vector<ScoredBox> boxes = random_scored_boxes(80, seed, 2, 1000);
        NmsOptions options{.iou_threshold = 0.3F, .max_detections = 80};
        greedy_kept += nms(boxes, options).size();
        options.kind = NmsKind::diou;
        const std::vector<std::size_t> kept = nms(boxes, options);
        ASSERT_EQ(kept, nms_by_definition(boxes, options)) << "seed " << seed;
        diou_kept += kept.size();
    }
    EXPECT_GT(diou_kept, greedy_kept);
}

TEST(SuppressOverlaps, SparesNeighboursWhoseCentresLieApartByDiou) {
    // IoU 1/3; the centres lie 5 apart in a box of 15 x 10 around both: DIoU = 1/3 - 25 / 325.
    const std::vector<ScoredBox> boxes{{{0, 0, 10, 10}, 0.9F, 0}, {{5, 0, 15, 10}, 0.8F, 0}};
    EXPECT_EQ(suppress_overlaps(boxes, {.iou_threshold = 0.3F}).size(), 1U);
    EXPECT_EQ(suppress_overlaps(boxes, {.iou_threshold = 0.3F, .kind = NmsKind::diou}).size(), 2U);
    EXPECT_EQ(suppress_overlaps(boxes, {.iou_threshold = 0.25F, .kind = NmsKind::diou}).size(), 1U);
}

TEST(SuppressOverlaps, WeakensScoresSoftly) {
    const std::vector<ScoredBox> boxes{{{0, 0, 10, 10}, 0.8F, 0}, {{5, 0, 15, 10}, 0.9F, 0}, {{0, 0, 10, 10}, 0.7F, 1}};
    const std::vector<ScoredBox> kept = suppress_overlaps(boxes, {.kind = NmsKind::soft, .soft_sigma = 0.5F});
    ASSERT_EQ(kept.size(), 3U);
    EXPECT_EQ(kept[0].score, 0.9F);
    EXPECT_EQ(kept[1].class_id, 1); // of another class: not weakened
    EXPECT_NEAR(kept[2].score, 0.8F * std::exp(-2.0F / 9), 1e-6F);
    EXPECT_EQ(suppress_overlaps(boxes, {.kind = NmsKind::soft, .soft_lowest_score = 0.65F}).size(), 2U);
}

TEST(SuppressOverlaps, IsSoftByItsDefinition) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const std::vector<ScoredBox> boxes = random_scored_boxes(60, seed, 2, 1000);
        const NmsOptions options{.max_detections = 40, .kind = NmsKind::soft, .soft_lowest_score = 0.2F};
        const std::vector<ScoredBox> kept = suppress_overlaps(boxes, options);
        const std::vector<ScoredBox> expected = soft_by_definition(boxes, options);
        ASSERT_EQ(kept.size(), expected.size()) << "seed " << seed;
        for (std::size_t i = 0; i < kept.size(); ++i) ASSERT_EQ(kept[i].score, expected[i].score) << "seed " << seed;
    }
}

TEST(SuppressOverlaps, RefusesSoftWhereIndicesAreAskedForAndASigmaOfZero) {
    expect_error<CheckError>([] { nms({}, {.kind = NmsKind::soft}); }, {"suppress_overlaps"});
    expect_error<CheckError>([] { suppress_overlaps({}, {.kind = NmsKind::soft, .soft_sigma = 0}); }, {"soft_sigma"});
}

} // namespace
} // namespace banyan
