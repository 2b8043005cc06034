#include "data/compose_labels.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "data/dataset.h"

namespace banyan {
namespace {

constexpr LabelState kUnknown = LabelState::unknown;
constexpr LabelState kPartial = LabelState::partial;
constexpr LabelState kExhaustive = LabelState::exhaustive;
constexpr LabelState kAbsent = LabelState::absent;

/// The picture moved left by 50: x' = x - 50.
constexpr Placement kShifted{1.0, -50.0, 0.0, false};

Labels labels_of(std::vector<LabelledBox> boxes, std::vector<IgnoreRegion> ignore = {}) {
    return {std::move(boxes), std::move(ignore), {kExhaustive, kPartial, kUnknown}, {}};
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

TEST(PlaceLabels, PolygonsStayPolygonsAndAreCut) {
    const Polygon triangle(std::vector<Point>{{40, 0}, {80, 40}, {40, 40}});
    const Labels placed = place_labels(labels_of({}, {{triangle, 2}}), kShifted, 100, TransformOptions{});
    ASSERT_EQ(placed.ignore.size(), 1U); // 10 px of the triangle lie left of the target
    EXPECT_EQ(bounds(placed.ignore[0].area), (Box{0, 10, 30, 40}));
    EXPECT_FLOAT_EQ(static_cast<float>(area(placed.ignore[0].area)), 450);
}

TEST(PlaceLabels, TurnedBoxesAreTheBoundsOfTheVisibleOutline) {
    // An eighth turn by hand: the square's diagonal stands upright.
    const float half = 20;
    const double root = 0.70710678118654752;
    const Placement turned{1.0, 50.0, 50.0, false, {root, -root, root, root}};
    const Box square{-half, -half, half, half};
    const Labels placed = place_labels(labels_of({{square, 0}}), turned, 100, TransformOptions{});
    ASSERT_EQ(placed.boxes.size(), 1U);
    EXPECT_NEAR(placed.boxes[0].box.x0, 50 - 20 / root, 1e-4);
    EXPECT_NEAR(placed.boxes[0].box.y1, 50 + 20 / root, 1e-4);
    // Half of the square is left of the target: what is to be seen is a triangle.
    Placement cut = turned;
    cut.offset_x = 0;
    const Labels half_placed = place_labels(labels_of({{square, 0}}), cut, 100, TransformOptions{});
    ASSERT_EQ(half_placed.boxes.size(), 1U);
    EXPECT_EQ(half_placed.boxes[0].box.x0, 0);
    TransformOptions strict;
    strict.min_visible = 0.51;
    const Labels ignored = place_labels(labels_of({{square, 0}}), cut, 100, strict);
    ASSERT_EQ(ignored.ignore.size(), 1U);
    EXPECT_NEAR(area(ignored.ignore[0].area), 800, 0.01); // the triangle, not the box around it
}

TEST(PlaceLabels, FlipSwapsTheClassesOfAPair) {
    TransformOptions options;
    options.mirrored_class = {1, 0, 2};
    const Labels labels = labels_of({{{10, 10, 20, 20}, 0}, {{30, 10, 40, 20}, 1}, {{50, 10, 60, 20}, 2}},
                                    {{Box{0, 0, 9, 9}, 0}, {Box{0, 0, 9, 9}, 2}, {Box{0, 0, 9, 9}, -1}});
    const Labels same = place_labels(labels, Placement{}, 100, options);
    EXPECT_EQ(same.boxes[0].class_id, 0);
    EXPECT_EQ(same.states, labels.states);
    const Labels flipped = place_labels(labels, {1, 0, 0, true}, 100, options);
    EXPECT_EQ(flipped.boxes[0].box, (Box{80, 10, 90, 20}));
    EXPECT_EQ(flipped.boxes[0].class_id, 1);
    EXPECT_EQ(flipped.boxes[1].class_id, 0);
    EXPECT_EQ(flipped.boxes[2].class_id, 2);
    EXPECT_EQ(flipped.ignore[0].class_id, 1);
    EXPECT_EQ(flipped.ignore[1].class_id, 2);
    EXPECT_EQ(flipped.ignore[2].class_id, -1);
    EXPECT_EQ(flipped.states, (std::vector<LabelState>{kPartial, kExhaustive, kUnknown}));
}

TEST(PlaceLabels, RegionsOfThePictureMoveAndSwapToo) {
    TransformOptions options;
    options.mirrored_class = {1, 0, 2};
    Labels labels = labels_of({});
    labels.regions = {{Box{0, 0, 50, 50}, {kAbsent, kUnknown, kUnknown}}, {Box{90, 90, 99, 99}, {}}};
    const Labels placed = place_labels(labels, {1, 50, 50, true}, 100, options);
    ASSERT_EQ(placed.regions.size(), 1U); // the other one is outside
    EXPECT_EQ(bounds(placed.regions[0].area), (Box{0, 50, 50, 100}));
    EXPECT_EQ(placed.regions[0].states, (std::vector<LabelState>{kUnknown, kAbsent, kUnknown}));
}

/// A layer that is not resized: its picture's point (0, 0) lies at (x, y).
PictureLayer layer_at(const Labels& labels, double x, double y, const PixelRect& window) {
    return {{nullptr, &labels}, {1.0, x, y, false}, window, {}};
}

Composition composition_of(std::vector<PictureLayer> layers) {
    Composition composition;
    composition.side = 100;
    composition.layers = std::move(layers);
    return composition;
}

Labels with_states(std::vector<LabelState> states, std::vector<LabelledBox> boxes = {}) {
    return {std::move(boxes), {}, std::move(states), {}};
}

TEST(ComposeLabels, TilesHaveARegionEachAndNothingIsKnownBeside) {
    const Labels faces = with_states({kExhaustive, kUnknown}), hands = with_states({kUnknown, kPartial});
    const Labels composed = compose_labels(
        composition_of({layer_at(faces, 0, 0, {0, 0, 40, 100}), layer_at(hands, 40, 0, {40, 0, 100, 100})}), {});
    EXPECT_EQ(composed.states, (std::vector<LabelState>{kUnknown, kUnknown}));
    ASSERT_EQ(composed.regions.size(), 2U);
    EXPECT_EQ(composed.regions[0].area, Polygon(Box{0, 0, 40, 100}));
    EXPECT_EQ(composed.regions[0].states, faces.states);
    EXPECT_EQ(composed.regions[1].area, Polygon(Box{40, 0, 100, 100}));
    EXPECT_EQ(composed.regions[1].states, hands.states);
}

TEST(ComposeLabels, TilesThatTellTheSameNeedNoRegions) {
    const Labels faces = with_states({kExhaustive, kAbsent}), more = with_states({kExhaustive, kAbsent});
    const Labels composed = compose_labels(
        composition_of({layer_at(faces, 0, 0, {0, 0, 40, 100}), layer_at(more, 40, 0, {40, 0, 100, 100})}), {});
    EXPECT_EQ(composed.states, faces.states);
    EXPECT_TRUE(composed.regions.empty());
}

TEST(ComposeLabels, BoxesCutByATileFollowMinVisible) {
    const Labels left = with_states({kExhaustive}, {{{20, 10, 50, 20}, 0}, {{37, 30, 67, 40}, 0}, {{50, 0, 60, 9}, 0}});
    const Labels right = with_states({kUnknown});
    const Labels composed = compose_labels(
        composition_of({layer_at(left, 0, 0, {0, 0, 40, 100}), layer_at(right, 0, 0, {40, 0, 100, 100})}), {});
    ASSERT_EQ(composed.boxes.size(), 1U); // two thirds
    EXPECT_EQ(composed.boxes[0].box, (Box{20, 10, 40, 20}));
    ASSERT_EQ(composed.ignore.size(), 1U); // a tenth; the third box is out of sight
    EXPECT_EQ(bounds(composed.ignore[0].area), (Box{37, 30, 40, 40}));
}

TEST(ComposeLabels, APatchHasItsOwnStatesOnTopOfThePicture) {
    const Labels host = with_states({kExhaustive, kUnknown}), source = with_states({kUnknown, kExhaustive});
    const Labels composed = compose_labels(
        composition_of({layer_at(host, 0, 0, whole_target(100)), layer_at(source, 0, 0, {60, 60, 90, 90})}), {});
    EXPECT_EQ(composed.states, host.states);
    ASSERT_EQ(composed.regions.size(), 1U);
    EXPECT_EQ(state_at(composed, 0, {10, 10}), kExhaustive);
    EXPECT_EQ(state_at(composed, 0, {70, 70}), kUnknown);
    EXPECT_EQ(state_at(composed, 1, {70, 70}), kExhaustive);
}

TEST(ComposeLabels, BoxesUnderAPatchAreWhatIsVisibleOfThem) {
    const Labels host = with_states({kExhaustive}, {{{0, 0, 40, 10}, 0}, {{20, 20, 40, 30}, 0}, {{22, 40, 38, 50}, 0}});
    const Labels source = with_states({kExhaustive});
    const PixelRect patch{25, 0, 40, 60};
    const Labels composed =
        compose_labels(composition_of({layer_at(host, 0, 0, whole_target(100)), layer_at(source, 0, 0, patch)}), {});
    ASSERT_EQ(composed.boxes.size(), 1U); // 62 % are left
    EXPECT_EQ(composed.boxes[0].box, (Box{0, 0, 25, 10}));
    ASSERT_EQ(composed.ignore.size(), 2U); // 25 % and 19 %
    EXPECT_EQ(bounds(composed.ignore[0].area), (Box{20, 20, 25, 30}));
    EXPECT_EQ(bounds(composed.ignore[1].area), (Box{22, 40, 25, 50}));
}

TEST(ComposeLabels, WhatIsVisibleAroundAPatchKeepsItsBoundsOrIsIgnoredInParts) {
    const Labels host = with_states({kExhaustive}, {{{0, 0, 60, 60}, 0}});
    const Labels source = with_states({kExhaustive});
    const auto composed = [&](const PixelRect& patch) {
        return compose_labels(composition_of({layer_at(host, 0, 0, whole_target(100)), layer_at(source, 0, 0, patch)}),
                              TransformOptions{});
    };
    const Labels kept = composed({20, 20, 40, 40});
    ASSERT_EQ(kept.boxes.size(), 1U);
    EXPECT_EQ(kept.boxes[0].box, (Box{0, 0, 60, 60}));
    const Labels hidden = composed({5, 5, 55, 55}); // a frame of 30.5 % would stay
    EXPECT_EQ(hidden.boxes.size(), 1U);
    const Labels frame = composed({4, 4, 56, 56}); // 24.9 %
    EXPECT_TRUE(frame.boxes.empty());
    double ignored = 0;
    for (const IgnoreRegion& region : frame.ignore) ignored += area(region.area);
    EXPECT_EQ(ignored, 60 * 60 - 52 * 52);
}

TEST(ComposeLabels, BoxesUnderTheirCentreUnknownAreIgnored) {
    const Labels host = with_states({kExhaustive, kUnknown}, {{{0, 0, 60, 60}, 0}, {{70, 0, 90, 20}, 1}});
    const Labels source = with_states({kUnknown, kExhaustive});
    const Labels composed = compose_labels(
        composition_of({layer_at(host, 0, 0, whole_target(100)), layer_at(source, 0, 0, {20, 20, 40, 40})}), {});
    EXPECT_TRUE(composed.boxes.empty());
    ASSERT_EQ(composed.ignore.size(), 5U); // four parts around the patch; the box of a class the host does not know
    EXPECT_EQ(composed.ignore[4].class_id, 1);
}

TEST(BlendLabels, StatesMeetByTable) {
    // Rows and columns: unknown, partial, exhaustive, absent.
    const std::vector<LabelState> all{kUnknown, kPartial, kExhaustive, kAbsent};
    const std::vector<std::vector<LabelState>> expected{{kUnknown, kPartial, kPartial, kUnknown},
                                                        {kPartial, kPartial, kPartial, kPartial},
                                                        {kPartial, kPartial, kExhaustive, kExhaustive},
                                                        {kUnknown, kPartial, kExhaustive, kAbsent}};
    for (std::size_t a = 0; a < all.size(); ++a) {
        for (std::size_t b = 0; b < all.size(); ++b) {
            const Labels blended = blend_labels(with_states({all[a]}), with_states({all[b]}));
            EXPECT_EQ(blended.states[0], expected[a][b]) << label_state_name(all[a]) << label_state_name(all[b]);
        }
    }
}

TEST(BlendLabels, HoldsBoxesAndIgnoreRegionsOfBoth) {
    Labels first = with_states({kExhaustive, kUnknown}, {{{0, 0, 10, 10}, 0}, {{0, 0, 5, 5}, 1}});
    first.ignore = {{Box{20, 20, 30, 30}, -1}};
    const Labels second = with_states({kExhaustive, kAbsent}, {{{50, 50, 60, 60}, 0}});
    const Labels blended = blend_labels(first, second);
    ASSERT_EQ(blended.boxes.size(), 2U);
    EXPECT_EQ(blended.boxes[1].box, (Box{50, 50, 60, 60}));
    ASSERT_EQ(blended.ignore.size(), 2U);
    EXPECT_EQ(blended.ignore[0].class_id, 1); // nothing is known of its class: not to be learned, not to be denied
    EXPECT_EQ(blended.ignore[1].class_id, -1);
}

TEST(BlendLabels, CrossesTheRegionsOfBoth) {
    Labels first = with_states({kUnknown}), second = with_states({kExhaustive});
    first.regions = {{Box{0, 0, 50, 100}, {kAbsent}}, {Box{0, 0, 20, 20}, {kExhaustive}}};
    second.regions = {{Box{0, 0, 100, 50}, {kAbsent}}};
    const Labels blended = blend_labels(first, second);
    EXPECT_EQ(state_at(blended, 0, {10, 10}), kExhaustive); // exhaustive, absent
    EXPECT_EQ(state_at(blended, 0, {30, 30}), kAbsent);     // absent, absent
    EXPECT_EQ(state_at(blended, 0, {80, 30}), kUnknown);    // unknown, absent
    EXPECT_EQ(state_at(blended, 0, {30, 80}), kExhaustive); // absent, exhaustive
    EXPECT_EQ(state_at(blended, 0, {80, 80}), kPartial);    // unknown, exhaustive
}

TEST(BlendLabels, CallsUnknownWhatItCannotCross) {
    const Polygon triangle(std::vector<Point>{{0, 0}, {80, 0}, {0, 80}});
    Labels first = with_states({kExhaustive}), second = first;
    first.regions = {{triangle, {kAbsent}}};
    second.regions = {{Polygon(std::vector<Point>{{0, 0}, {80, 0}, {80, 80}}), {kAbsent}}};
    const Labels blended = blend_labels(first, second);
    EXPECT_EQ(state_at(blended, 0, {40, 10}), kUnknown);
    EXPECT_EQ(state_at(blended, 0, {90, 90}), kExhaustive);
}

} // namespace
} // namespace banyan
