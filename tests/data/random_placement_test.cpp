#include "data/random_placement.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "support/random_boxes.h"

namespace banyan {
namespace {

TransformOptions all_off() {
    TransformOptions options;
    options.flip = 0;
    options.scale_low = options.scale_high = 1;
    options.brightness = options.contrast = options.saturation = options.hue_degrees = 0;
    return options;
}

TEST(LetterboxPlacement, FitsTheLongSideAndCentresTheShort) {
    const Placement wide = letterbox_placement(640, 480, 320);
    EXPECT_EQ(wide.scale, 0.5);
    EXPECT_EQ(wide.offset_x, 0);
    EXPECT_EQ(wide.offset_y, 40);
    const Placement tall = letterbox_placement(100, 300, 150);
    EXPECT_EQ(tall.scale, 0.5);
    EXPECT_EQ(tall.offset_x, 50);
    EXPECT_EQ(tall.offset_y, 0);
    EXPECT_FALSE(tall.flip);
}

TEST(LetterboxPlacement, IsExactAsFloat) {
    const Placement placement = letterbox_placement(500, 333, 320);
    EXPECT_EQ(placement.scale, static_cast<double>(static_cast<float>(placement.scale)));
    EXPECT_EQ(placement.offset_y, static_cast<double>(static_cast<float>(placement.offset_y)));
}

TEST(RandomPlacement, IsTheLetterboxWhenTurnedOff) {
    Random random(1);
    const Placement placement = random_placement(640, 480, 320, all_off(), random);
    const Placement letterbox = letterbox_placement(640, 480, 320);
    EXPECT_EQ(placement.scale, letterbox.scale);
    EXPECT_EQ(placement.offset_x, letterbox.offset_x);
    EXPECT_EQ(placement.offset_y, letterbox.offset_y);
    EXPECT_FALSE(placement.flip);
}

TEST(RandomPlacement, FillsOrFitsAndStaysInTheScaleRange) {
    const TransformOptions options;
    Random random(2);
    for (int i = 0; i < 500; ++i) {
        const int width = static_cast<int>(random.integer(20, 900));
        const int height = static_cast<int>(random.integer(20, 900));
        const Placement placement = random_placement(width, height, 320, options, random);
        const double relative = placement.scale / letterbox_placement(width, height, 320).scale;
        EXPECT_GE(relative, options.scale_low);
        EXPECT_LE(relative, options.scale_high);
        for (const auto& [length, offset] : {std::pair{placement.scale * width, placement.offset_x},
                                             std::pair{placement.scale * height, placement.offset_y}}) {
            EXPECT_GE(offset, std::min(0.0, 320 - length));
            EXPECT_LE(offset, std::max(0.0, 320 - length));
        }
    }
}

TEST(RandomPlacement, DrawsSizesLogUniformly) {
    TransformOptions options;
    options.scale_low = 0.5;
    options.scale_high = 2.0;
    Random random(3);
    int flips = 0;
    int below_one = 0;
    int below_root_half = 0;
    constexpr int kDraws = 4000;
    for (int i = 0; i < kDraws; ++i) {
        const Placement placement = random_placement(100, 100, 100, options, random);
        flips += placement.flip ? 1 : 0;
        below_one += placement.scale < 1 ? 1 : 0;
        below_root_half += placement.scale < std::sqrt(0.5) ? 1 : 0;
    }
    EXPECT_NEAR(flips, kDraws / 2, 4 * std::sqrt(kDraws / 4.0)); // 4 standard deviations
    EXPECT_NEAR(below_one, kDraws / 2, 4 * std::sqrt(kDraws / 4.0));
    EXPECT_NEAR(below_root_half, kDraws / 4, 4 * std::sqrt(kDraws * 3 / 16.0));
}

TEST(PlaceBox, FlipMirrorsAndKeepsCornersInOrder) {
    const Placement flipped{2.0, 10.0, 5.0, true};
    EXPECT_EQ(place_box({1, 2, 4, 6}, flipped, 100), (Box{82, 9, 88, 17}));
    const Placement straight{2.0, 10.0, 5.0, false};
    EXPECT_EQ(place_box({1, 2, 4, 6}, straight, 100), (Box{12, 9, 18, 17}));
}

TEST(PlaceBox, CanBeUndone) {
    Random random(4);
    for (const Box& box : random_boxes(200, 5)) {
        const Placement placement = random_placement(640, 480, 320, TransformOptions{}, random);
        const Box placed = place_box(box, placement, 320);
        const auto undo_x = [&](double x) {
            return ((placement.flip ? 320 - x : x) - placement.offset_x) / placement.scale;
        };
        const auto undo_y = [&](double y) { return (y - placement.offset_y) / placement.scale; };
        EXPECT_NEAR(undo_x(placement.flip ? placed.x1 : placed.x0), box.x0, 1e-3);
        EXPECT_NEAR(undo_x(placement.flip ? placed.x0 : placed.x1), box.x1, 1e-3);
        EXPECT_NEAR(undo_y(placed.y0), box.y0, 1e-3);
        EXPECT_NEAR(undo_y(placed.y1), box.y1, 1e-3);
        EXPECT_LE(placed.x0, placed.x1);
    }
}

/// The picture moved left by 50: x' = x - 50.
constexpr Placement kShifted{1.0, -50.0, 0.0, false};

Labels labels_of(std::vector<LabelledBox> boxes, std::vector<IgnoreRegion> ignore = {}) {
    return {
        std::move(boxes), std::move(ignore), {LabelState::exhaustive, LabelState::partial, LabelState::unknown}, {}};
}

TEST(PlaceLabels, KeepsEverythingByteExactInTheIdentity) {
    const Labels labels = labels_of({{{1.25F, 2.5F, 30.125F, 40.75F}, 1}}, {{Box{5, 6, 7.5F, 8}, -1}});
    const Labels placed = place_labels(labels, Placement{}, 100, TransformOptions{});
    ASSERT_EQ(placed.boxes.size(), 1U);
    EXPECT_EQ(placed.boxes[0].box, labels.boxes[0].box);
    EXPECT_EQ(placed.boxes[0].class_id, 1);
    ASSERT_EQ(placed.ignore.size(), 1U);
    EXPECT_EQ(bounds(placed.ignore[0].area), bounds(labels.ignore[0].area));
    EXPECT_EQ(placed.states, labels.states);
}

TEST(PlaceLabels, CutBoxStaysWhenEnoughIsLeft) {
    const Labels placed = place_labels(labels_of({{{30, 10, 80, 20}, 0}}), kShifted, 100, TransformOptions{});
    ASSERT_EQ(placed.boxes.size(), 1U); // 60 % left
    EXPECT_EQ(placed.boxes[0].box, (Box{0, 10, 30, 20}));
    EXPECT_TRUE(placed.ignore.empty());
}

TEST(PlaceLabels, BoxCutBelowMinVisibleBecomesIgnoreRegionOfItsClass) {
    const Labels placed = place_labels(labels_of({{{10, 10, 60, 20}, 1}}), kShifted, 100, TransformOptions{});
    EXPECT_TRUE(placed.boxes.empty()); // 20 % left
    ASSERT_EQ(placed.ignore.size(), 1U);
    EXPECT_EQ(bounds(placed.ignore[0].area), (Box{0, 10, 10, 20}));
    EXPECT_EQ(placed.ignore[0].class_id, 1);
    EXPECT_EQ(placed.states, labels_of({}).states);
}

TEST(PlaceLabels, ThinBoxBecomesIgnoreRegion) {
    const Placement half{0.5, 0, 0, false};
    const Labels labels = labels_of({{{0, 0, 40, 3}, 0}, {{0, 0, 40, 4}, 0}});
    const Labels placed = place_labels(labels, half, 100, TransformOptions{});
    ASSERT_EQ(placed.ignore.size(), 1U);
    EXPECT_EQ(bounds(placed.ignore[0].area), (Box{0, 0, 20, 1.5F}));
    ASSERT_EQ(placed.boxes.size(), 1U);
    EXPECT_EQ(placed.boxes[0].box, (Box{0, 0, 20, 2}));
}

TEST(PlaceLabels, DropsWhatIsOutside) {
    const Labels labels = labels_of({{{10, 10, 50, 20}, 0}}, {{Box{0, 0, 40, 40}, 1}, {Box{40, 0, 60, 9}, 2}});
    const Labels placed = place_labels(labels, kShifted, 100, TransformOptions{});
    EXPECT_TRUE(placed.boxes.empty());
    ASSERT_EQ(placed.ignore.size(), 1U);
    EXPECT_EQ(bounds(placed.ignore[0].area), (Box{0, 0, 10, 9}));
    EXPECT_EQ(placed.ignore[0].class_id, 2);
}

TEST(CoveredPixels, AreThoseWhoseCentreLiesInThePicture) {
    const CoveredPixels covered = covered_pixels(10, 10, {1.0, 2.4, 2.6, false}, 20);
    EXPECT_EQ(covered.x0, 2);
    EXPECT_EQ(covered.x1, 12);
    EXPECT_EQ(covered.y0, 3);
    EXPECT_EQ(covered.y1, 13);
    const CoveredPixels mirrored = covered_pixels(10, 10, {1.0, 2.4, 2.6, true}, 20);
    EXPECT_EQ(mirrored.x0, 8);
    EXPECT_EQ(mirrored.x1, 18);
}

} // namespace
} // namespace banyan
