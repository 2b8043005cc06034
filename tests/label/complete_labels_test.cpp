#include "label/complete_labels.h"

#include <gtest/gtest.h>

namespace banyan {
namespace {

constexpr int kFace = 0, kHand = 1;

Labels labels_with(LabelState face) {
    Labels labels;
    labels.states = {face, LabelState::exhaustive};
    labels.boxes = {{{50, 50, 60, 60}, kHand}};
    return labels;
}

const std::vector<std::vector<ScoredBox>>& found() {
    static const std::vector<std::vector<ScoredBox>> boxes{
        {{{0, 0, 9, 9}, 0.99F, kFace}}, // of a teacher that nobody asked
        {{{0, 0, 10, 10}, 0.9F, kFace},
         {{0, 20, 10, 30}, 0.7F, kHand},
         {{20, 0, 30, 10}, 0.5F, kFace},
         {{40, 0, 50, 10}, 0.25F, kFace},
         {{60, 0, 70, 10}, 0.2F, kFace}}};
    return boxes;
}

std::vector<std::optional<ClassTeacher>> face_teacher() { return {ClassTeacher{1, {0.25, 0.5}}, std::nullopt}; }

TEST(CompleteLabels, TheTeacherOfAClassSpeaksWhereItIsUnknown) {
    const CompletedLabels completed = complete_labels(labels_with(LabelState::unknown), found(), face_teacher());
    EXPECT_EQ(completed.states, (std::vector{LabelState::exhaustive, LabelState::exhaustive}));
    ASSERT_EQ(completed.added.size(), 3U);
    EXPECT_EQ(completed.added[0].box, (Box{0, 0, 10, 10}));
    EXPECT_FALSE(completed.added[0].is_ignore);
    EXPECT_FALSE(completed.added[1].is_ignore) << "high itself is a box";
    EXPECT_TRUE(completed.added[2].is_ignore) << "low itself is an ignore region";
    for (const PseudoLabel& pseudo : completed.added) {
        EXPECT_EQ(pseudo.class_id, kFace);
        EXPECT_EQ(pseudo.teacher, 1U);
    }
}

TEST(CompleteLabels, AllOtherStatesStayAsTheyAre) {
    for (const LabelState state : {LabelState::exhaustive, LabelState::partial, LabelState::absent}) {
        const CompletedLabels completed = complete_labels(labels_with(state), found(), face_teacher());
        EXPECT_EQ(completed.states[0], state);
        EXPECT_TRUE(completed.added.empty());
    }
}

TEST(CompleteLabels, WithoutATeacherAClassStaysUnknown) {
    const CompletedLabels completed =
        complete_labels(labels_with(LabelState::unknown), found(), {std::nullopt, std::nullopt});
    EXPECT_EQ(completed.states[0], LabelState::unknown);
    EXPECT_TRUE(completed.added.empty());
}

TEST(CompleteLabels, AClassOfWhichNothingIsFoundIsComplete) {
    const CompletedLabels completed = complete_labels(labels_with(LabelState::unknown), {{}, {}}, face_teacher());
    EXPECT_EQ(completed.states[0], LabelState::exhaustive);
    EXPECT_TRUE(completed.added.empty());
}

TEST(CompleteLabels, BoxesThatThePictureHasGoFirst) {
    Labels labels = labels_with(LabelState::unknown);
    labels.boxes.push_back({{1, 0, 11, 10}, kFace}); // a state may be unknown although the set has boxes
    const CompletedLabels completed = complete_labels(labels, found(), face_teacher());
    ASSERT_EQ(completed.added.size(), 2U);
    EXPECT_EQ(completed.added[0].box, (Box{20, 0, 30, 10}));
    labels.boxes.back().class_id = kHand;
    EXPECT_EQ(complete_labels(labels, found(), face_teacher()).added.size(), 3U) << "another class is no obstacle";
}

TEST(CompleteLabels, InIgnoreRegionsNothingIsAdded) {
    for (const int class_id : {-1, kFace}) {
        Labels labels = labels_with(LabelState::unknown);
        labels.ignore.push_back({Box{0, 0, 35, 10}, class_id});
        const CompletedLabels completed = complete_labels(labels, found(), face_teacher());
        ASSERT_EQ(completed.added.size(), 1U);
        EXPECT_EQ(completed.added[0].box, (Box{40, 0, 50, 10}));
    }
    Labels labels = labels_with(LabelState::unknown);
    labels.ignore.push_back({Box{0, 0, 35, 10}, kHand});
    EXPECT_EQ(complete_labels(labels, found(), face_teacher()).added.size(), 3U);
}

} // namespace
} // namespace banyan
