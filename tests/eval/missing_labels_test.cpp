#include "eval/missing_labels.h"

#include <gtest/gtest.h>

#include "image/image_codec.h"
#include "support/painted_image.h"
#include "support/temp_dir.h"
#include "unlabelled_scene.h"

namespace banyan {
namespace {

using test::UnlabelledScene;

constexpr auto kExhaustive = LabelState::exhaustive, kUnknown = LabelState::unknown, kAbsent = LabelState::absent,
               kPartial = LabelState::partial;
constexpr Box kHere{10, 10, 40, 40};
constexpr Box kThere{60, 60, 90, 90};

MissingLabels find(const UnlabelledScene& scene, const MissingLabelOptions& options = {}) {
    return find_missing_labels(scene.problem(), scene.datasets(), options);
}

TEST(MissingLabels, ContradictWhatIsSaidToBeLabelled) {
    UnlabelledScene scene({Task{"face", {"face"}}});
    scene.add_dataset("a", {kExhaustive}, 2);
    scene.labels(0, 0).boxes = {{kHere, 0}};
    scene.labels(0, 1).states = {kAbsent};
    scene.detect(0, 0, 0, kHere, 0.95);            // labelled
    scene.detect(0, 0, 0, {10, 20, 40, 50}, 0.9);  // IoU 0.5 with the label, found twice
    scene.detect(0, 0, 0, {10, 27, 40, 57}, 0.85); // IoU 13 / 47 with it: something else
    scene.detect(0, 0, 0, kThere, 0.4);
    scene.detect(0, 1, 0, kThere, 0.7);
    const MissingLabels missing = find(scene);
    EXPECT_TRUE(missing.addable.empty());
    ASSERT_EQ(missing.likely.size(), 3U);
    EXPECT_EQ(missing.likely[0].score, 0.85);
    EXPECT_EQ(missing.likely[1].record, 1U);
    EXPECT_EQ(missing.likely[1].state, kAbsent);
    EXPECT_EQ(missing.likely[2].box, kThere);
    EXPECT_EQ(missing.likely[2].state, kExhaustive);
}

TEST(MissingLabels, CanBeAddedWhereTheClassIsNotLabelledOrInPart) {
    UnlabelledScene scene({{"face", {"face"}}, {"hand", {"hand"}}});
    scene.add_dataset("a", {kPartial, kUnknown}, 1);
    scene.add_dataset("b", {kExhaustive, kExhaustive}, 1);
    scene.labels(0, 0).boxes = {{kHere, 0}};
    scene.detect(0, 0, 0, kThere, 0.6);
    scene.detect(0, 0, 0, kHere, 0.9); // labelled
    scene.detect(0, 0, 1, kHere, 0.8); // near a face, not near a hand
    const MissingLabels missing = find(scene);
    EXPECT_TRUE(missing.likely.empty());
    ASSERT_EQ(missing.addable.size(), 2U);
    EXPECT_EQ(missing.addable[0].class_id, 1);
    EXPECT_EQ(missing.addable[0].state, kUnknown);
    EXPECT_EQ(missing.addable[1].class_id, 0);
    EXPECT_EQ(missing.addable[1].state, kPartial);
    EXPECT_EQ(missing.addable[1].dataset, 0U);
}

TEST(MissingLabels, LeaveIgnoreRegionsOut) {
    UnlabelledScene scene({Task{"face", {"face"}}});
    scene.add_dataset("a", {kExhaustive}, 1);
    scene.labels(0, 0).ignore = {{kThere, 0}};
    scene.detect(0, 0, 0, kThere, 0.9);
    EXPECT_TRUE(find(scene).likely.empty());
    EXPECT_TRUE(find(scene).addable.empty());
}

TEST(MissingLabels, AreTheSurestOnes) {
    UnlabelledScene scene({Task{"face", {"face"}}});
    scene.add_dataset("a", {kExhaustive}, 30);
    for (std::size_t i = 0; i < 30; ++i) scene.detect(0, i, 0, kHere, 0.03 * static_cast<double>(i));
    MissingLabelOptions options;
    options.lowest_score = 0.6;
    EXPECT_EQ(find(scene, options).likely.size(), 10U); // 0.6, 0.63 … 0.87
    options.count = 4;
    const MissingLabels best = find(scene, options);
    ASSERT_EQ(best.likely.size(), 4U);
    EXPECT_EQ(best.likely[0].record, 29U);
    EXPECT_EQ(best.likely[3].record, 26U);
}

TEST(DrawMissingLabel, ShowsTheDetectionLargeAndTheLabelsBesideIt) {
    const TempDir dir;
    Image picture = test::plain_image(400, 300, {90, 90, 90});
    test::paint(picture, {300, 200, 340, 240}, test::kRed);
    write_png(dir.file("a.png"), picture);
    Record record;
    record.file = dir.file("a.png");
    record.name = "a.png";
    record.width = 400;
    record.height = 300;
    record.labels.states = {kExhaustive};
    record.labels.boxes = {{{290, 150, 310, 190}, 0}};
    const std::vector<Dataset> datasets{Dataset("set", {record}, {kExhaustive})};
    const ClassTable table({Task{"face", {"face"}}});
    MissingLabel missing;
    missing.box = {300, 200, 340, 240};
    missing.score = 0.876;
    const Image crop = draw_missing_label(missing, datasets, table, 176);
    ASSERT_EQ(crop.width, 176);
    ASSERT_EQ(crop.height, 176);
    // 88 pixels of the picture on 176: the box is 80 wide, in the middle, its outline drawn over the red's edge.
    const Box red = test::extent_of(crop, test::kRed);
    EXPECT_NEAR(red.width(), 80, 8);
    EXPECT_NEAR((red.x0 + red.x1) / 2, 88, 4);
    EXPECT_NEAR((red.y0 + red.y1) / 2, 88, 4);
    missing.box = {395, 0, 400, 6}; // at the corner, and small: 64 pixels of the picture, moved inside
    EXPECT_EQ(draw_missing_label(missing, datasets, table, 128).width, 128);
}

} // namespace
} // namespace banyan
