#include "eval/leakage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "unlabelled_scene.h"

namespace banyan {
namespace {

using test::UnlabelledScene;
using testing::Each;
using testing::ElementsAre;

constexpr auto kExhaustive = LabelState::exhaustive, kUnknown = LabelState::unknown, kAbsent = LabelState::absent,
               kPartial = LabelState::partial;
constexpr Box kHere{10, 10, 40, 40};
constexpr Box kThere{60, 60, 90, 90};

/// Faces are labelled in "masks", hands in "hands", where faces are known to be absent in one picture.
UnlabelledScene faces_and_hands() {
    UnlabelledScene scene({{"face", {"face"}}, {"hand", {"left", "right"}}});
    scene.add_dataset("masks", {kExhaustive, kUnknown, kUnknown}, 3);
    scene.add_dataset("hands", {kUnknown, kExhaustive, kExhaustive}, 2);
    scene.labels(0, 0).boxes = {{kHere, 0}};
    scene.labels(0, 2).boxes = {{kHere, 0}, {kThere, 0}};
    scene.labels(1, 0).boxes = {{kHere, 1}};
    scene.labels(1, 1).states[0] = kAbsent;
    return scene;
}

TEST(LeakageMatrix, CountsImagesAndObjectsByWhatIsKnown) {
    const UnlabelledScene scene = faces_and_hands();
    const LeakageMatrix matrix = leakage_matrix(scene.problem(), scene.datasets(), scene.table());
    EXPECT_THAT(matrix.datasets, ElementsAre("masks", "hands"));
    EXPECT_THAT(matrix.tasks, ElementsAre("face", "hand"));
    const LeakageCell& face_on_masks = matrix.cells[0][0];
    EXPECT_EQ(face_on_masks.labelled_images, 3U);
    EXPECT_EQ(face_on_masks.unlabelled_images, 0U);
    EXPECT_EQ(face_on_masks.objects, 3U);
    EXPECT_EQ(face_on_masks.empty_images, 1U); // exhaustive, no box
    const LeakageCell& face_on_hands = matrix.cells[1][0];
    EXPECT_EQ(face_on_hands.labelled_images, 1U);
    EXPECT_EQ(face_on_hands.unlabelled_images, 1U);
    EXPECT_EQ(face_on_hands.empty_images, 1U); // verified
    EXPECT_EQ(matrix.cells[0][1].unlabelled_images, 3U);
    EXPECT_EQ(matrix.cells[0][1].labelled_images, 0U);
    EXPECT_EQ(matrix.cells[1][1].empty_images, 1U);
}

TEST(LeakageMatrix, CountsDetectionsFromEachScoreOn) {
    UnlabelledScene scene = faces_and_hands();
    scene.detect(0, 0, 0, kHere, 0.95); // true
    scene.detect(0, 0, 0, kThere, 0.5); // false
    scene.detect(0, 1, 0, kHere, 0.35); // false, in an empty picture
    scene.detect(0, 1, 2, kHere, 0.75); // leaks
    scene.detect(0, 2, 1, kHere, 0.05); // below every score
    scene.detect(1, 0, 0, kHere, 0.1);  // leaks
    scene.detect(1, 1, 0, kHere, 0.3);  // false: verified to be absent
    const LeakageMatrix matrix = leakage_matrix(scene.problem(), scene.datasets(), scene.table());
    EXPECT_THAT(matrix.cells[0][0].found, ElementsAre(3, 3, 2, 1, 1));
    EXPECT_THAT(matrix.cells[0][0].true_found, ElementsAre(1, 1, 1, 1, 1));
    EXPECT_THAT(matrix.cells[0][0].false_found, ElementsAre(2, 2, 1, 0, 0));
    EXPECT_THAT(matrix.cells[0][0].false_in_empty, ElementsAre(1, 1, 0, 0, 0));
    EXPECT_THAT(matrix.cells[0][0].leaked, Each(0));
    EXPECT_THAT(matrix.cells[0][1].leaked, ElementsAre(1, 1, 1, 1, 0));
    EXPECT_THAT(matrix.cells[0][1].found, Each(0));
    EXPECT_THAT(matrix.cells[1][0].leaked, ElementsAre(1, 0, 0, 0, 0));
    EXPECT_THAT(matrix.cells[1][0].false_in_empty, ElementsAre(1, 1, 0, 0, 0));
    EXPECT_THAT(matrix.cells[1][1].found, Each(0));
}

TEST(LeakageMatrix, PartialLabelsAreLabelsButNeverEmpty) {
    UnlabelledScene scene({Task{"face", {"face"}}});
    scene.add_dataset("some", {kPartial}, 2);
    scene.detect(0, 0, 0, kHere, 0.95);
    const LeakageCell cell = leakage_matrix(scene.problem(), scene.datasets(), scene.table()).cells[0][0];
    EXPECT_EQ(cell.labelled_images, 2U);
    EXPECT_EQ(cell.empty_images, 0U);
    EXPECT_THAT(cell.found, Each(1));
    EXPECT_THAT(cell.false_found, Each(0));
}

TEST(LeakageMatrix, ImagesWithAnIgnoreRegionAreNotEmpty) {
    UnlabelledScene scene({Task{"face", {"face"}}});
    scene.add_dataset("crowds", {kExhaustive}, 1);
    scene.labels(0, 0).ignore = {{kHere, 0}};
    scene.detect(0, 0, 0, kHere, 0.95);
    const LeakageCell cell = leakage_matrix(scene.problem(), scene.datasets(), scene.table()).cells[0][0];
    EXPECT_EQ(cell.empty_images, 0U);
    EXPECT_EQ(cell.objects, 0U);
    EXPECT_THAT(cell.false_found, Each(0));
}

TEST(LeakageMatrix, ATaskLabelledInPartCountsUnderBothHeadings) {
    UnlabelledScene scene({Task{"hand", {"left", "right"}}});
    scene.add_dataset("lefts", {kExhaustive, kUnknown}, 1);
    scene.detect(0, 0, 0, kHere, 0.95);
    scene.detect(0, 0, 1, kHere, 0.95);
    const LeakageCell cell = leakage_matrix(scene.problem(), scene.datasets(), scene.table()).cells[0][0];
    EXPECT_EQ(cell.labelled_images, 1U);
    EXPECT_EQ(cell.unlabelled_images, 1U);
    EXPECT_EQ(cell.empty_images, 0U);
    EXPECT_THAT(cell.found, Each(1));
    EXPECT_THAT(cell.leaked, Each(1));
}

TEST(LeakageMatrix, RefusesAProblemOfOtherDataSets) {
    const UnlabelledScene scene = faces_and_hands();
    CocoProblem other = scene.problem();
    other.images.pop_back();
    expect_error<CheckError>([&] { leakage_matrix(other, scene.datasets(), scene.table()); }, {"4 images", "5"});
}

} // namespace
} // namespace banyan
