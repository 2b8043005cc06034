#include "train/targets.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/libtorch.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A branch over 4 x 4 cells of 8 pixels with one anchor of 16 pixels each: anchor r = 4 * row + column has its centre
/// at (8 * column + 4, 8 * row + 4). Neighbours have IoU 1/3, so max-IoU matching is plain to see.
class Targets : public testing::Test {
protected:
    Targets() {
        branch_.name = "b";
        branch_.options.anchors.levels = {3};
        branch_.options.anchors.scales = {2};
        branch_.options.matcher.kind = MatcherKind::max_iou;
        branch_.classes = {0};
    }

    AnchorSet anchors() const { return make_anchors(branch_.options.anchors, 32, 32); }
    BranchTargets build(const std::vector<Labels>& labels) const { return build_targets(branch_, anchors(), labels); }
    /// Anchors whose term of class k is valid in row n.
    static std::set<std::int64_t> valid(const BranchTargets& targets, std::int64_t n = 0, std::int64_t k = 0) {
        std::set<std::int64_t> anchors;
        for (std::int64_t r = 0; r < targets.valid.size(1); ++r) {
            if (targets.valid[n][r][k].item<float>() != 0) anchors.insert(r);
        }
        return anchors;
    }
    static std::vector<std::int64_t> numbers(const at::Tensor& tensor) {
        const at::Tensor plain = tensor.contiguous();
        const auto* first = plain.const_data_ptr<std::int64_t>();
        return {first, first + plain.numel()};
    }
    static std::set<std::int64_t> all_but(const std::set<std::int64_t>& left_out) {
        std::set<std::int64_t> anchors;
        for (std::int64_t r = 0; r < 16; ++r) {
            if (left_out.count(r) == 0) anchors.insert(r);
        }
        return anchors;
    }

    Branch branch_;
};

constexpr Box kAnchor5{4, 4, 20, 20};    // row 1, column 1
constexpr Box kAnchor10{12, 12, 28, 28}; // row 2, column 2

Labels one_class(LabelState state, const std::vector<Box>& boxes = {}) {
    Labels labels;
    labels.states = {state};
    for (const Box& box : boxes) labels.boxes.push_back({box, 0});
    return labels;
}

TEST_F(Targets, ExhaustiveRowsJudgeEveryAnchor) {
    const BranchTargets targets = build({one_class(LabelState::exhaustive, {kAnchor5})});
    EXPECT_THAT(numbers(targets.rows), ElementsAre(0));
    EXPECT_EQ(valid(targets), all_but({}));
    EXPECT_EQ(targets.positives(), 1);
    EXPECT_THAT(numbers(targets.positive), ElementsAre(0, 5, 0));
    expect_close(targets.boxes, torch::tensor({{4.0F, 4.0F, 20.0F, 20.0F}}));
    expect_close(targets.anchors, torch::tensor({{4.0F, 4.0F, 20.0F, 20.0F}}));
    expect_close(targets.strides, torch::tensor({8.0F}));
}

TEST_F(Targets, ExhaustiveRowsWithoutABoxAreBackground) {
    const BranchTargets targets = build({one_class(LabelState::exhaustive)});
    EXPECT_EQ(valid(targets), all_but({}));
    EXPECT_EQ(targets.positives(), 0);
    EXPECT_EQ(targets.boxes.sizes(), (std::vector<std::int64_t>{0, 4}));
    EXPECT_EQ(targets.positive.sizes(), (std::vector<std::int64_t>{3, 0}));
}

TEST_F(Targets, AbsentRowsAreBackground) {
    const BranchTargets targets = build({one_class(LabelState::absent)});
    EXPECT_EQ(valid(targets), all_but({}));
    EXPECT_EQ(targets.positives(), 0);
}

TEST_F(Targets, UnknownRowsAreLeftOutWhateverBoxesTheyHave) {
    const BranchTargets targets = build({one_class(LabelState::unknown, {kAnchor5})});
    EXPECT_TRUE(targets.empty());
    EXPECT_EQ(targets.positives(), 0);
    EXPECT_EQ(targets.valid.sizes(), (std::vector<std::int64_t>{0, 16, 1}));
}

TEST_F(Targets, PartialRowsJudgeOnlyTheirPositives) {
    const BranchTargets targets = build({one_class(LabelState::partial, {kAnchor5, kAnchor10})});
    EXPECT_EQ(valid(targets), (std::set<std::int64_t>{5, 10}));
    EXPECT_EQ(targets.positives(), 2);
}

TEST_F(Targets, PartialRowsWithoutABoxAreLeftOut) { EXPECT_TRUE(build({one_class(LabelState::partial)}).empty()); }

TEST_F(Targets, RowsCountInTheBatch) {
    const BranchTargets targets =
        build({one_class(LabelState::unknown), one_class(LabelState::partial), one_class(LabelState::absent),
               one_class(LabelState::exhaustive, {kAnchor10}), one_class(LabelState::partial, {kAnchor5})});
    EXPECT_THAT(numbers(targets.rows), ElementsAre(2, 3, 4));
    EXPECT_EQ(valid(targets, 0), all_but({}));
    EXPECT_EQ(valid(targets, 2), (std::set<std::int64_t>{5}));
    EXPECT_THAT(numbers(targets.positive), ElementsAre(1, 2, 10, 5, 0, 0)); // rows count among those kept
}

TEST_F(Targets, AnchorsBetweenTheThresholdsAreNotJudged) {
    branch_.options.matcher.max_iou.negative_iou = 0.3F; // the four neighbours have 1/3
    EXPECT_EQ(valid(build({one_class(LabelState::exhaustive, {kAnchor5})})), all_but({1, 4, 6, 9}));
}

TEST_F(Targets, BoxesOfUnknownClassesDoNotMatch) {
    branch_.options.matcher.max_iou.negative_iou = 0.3F;
    branch_.classes = {0, 1};
    Labels labels;
    labels.states = {LabelState::exhaustive, LabelState::unknown};
    labels.boxes = {{kAnchor5, 1}};
    const BranchTargets targets = build({labels});
    EXPECT_EQ(valid(targets, 0, 0), all_but({}));
    EXPECT_THAT(valid(targets, 0, 1), IsEmpty());
    EXPECT_EQ(targets.positives(), 0);
}

TEST_F(Targets, IgnoreRegionsOfTheClassAreNotJudged) {
    Labels labels = one_class(LabelState::exhaustive);
    labels.ignore = {{kAnchor5, 0}};
    // Half of each direct neighbour lies in the region, and a quarter of the diagonal ones.
    EXPECT_EQ(valid(build({labels})), all_but({1, 4, 5, 6, 9}));
    labels.ignore = {{Box{4, 4, 19, 20}, 0}}; // now less than half of anchors 6 and 9
    EXPECT_EQ(valid(build({labels})), all_but({1, 4, 5}));
    labels.ignore = {{Box{4, 4, 12, 20}, 0}, {Box{12, 4, 20, 20}, 0}}; // the whole again, in two parts
    EXPECT_EQ(valid(build({labels})), all_but({1, 4, 5, 6, 9}));
}

TEST_F(Targets, PositivesInIgnoreRegionsStayValid) {
    Labels labels = one_class(LabelState::exhaustive, {kAnchor5});
    labels.ignore = {{Box{-50, -50, 80, 80}, -1}};
    EXPECT_EQ(valid(build({labels})), (std::set<std::int64_t>{5}));
}

TEST_F(Targets, RowsThatAreIgnoredAsAWholeAreLeftOut) {
    Labels labels = one_class(LabelState::exhaustive);
    labels.ignore = {{Box{-50, -50, 80, 80}, -1}};
    EXPECT_TRUE(build({labels}).empty());
}

TEST_F(Targets, IgnoreRegionsOfOtherBranchesDoNotMatter) {
    Labels labels = one_class(LabelState::exhaustive);
    labels.states.push_back(LabelState::exhaustive); // class 1 is not in this branch
    labels.ignore = {{kAnchor5, 1}};
    labels.boxes = {{kAnchor5, 1}};
    const BranchTargets targets = build({labels});
    EXPECT_EQ(valid(targets), all_but({}));
    EXPECT_EQ(targets.positives(), 0);
}

TEST_F(Targets, MergedBranchesFollowTheStateOfEachClass) {
    branch_.classes = {4, 0, 2, 3}; // class 1 is in another branch
    Labels labels;
    labels.states = {LabelState::partial, LabelState::exhaustive, LabelState::unknown, LabelState::absent,
                     LabelState::exhaustive};
    labels.boxes = {{kAnchor5, 0}, {kAnchor10, 4}};
    const BranchTargets targets = build({labels});
    EXPECT_EQ(valid(targets, 0, 0), all_but({}));                 // exhaustive
    EXPECT_EQ(valid(targets, 0, 1), (std::set<std::int64_t>{5})); // partial: not at the other class's positive
    EXPECT_THAT(valid(targets, 0, 2), IsEmpty());                 // unknown: not even as background of a positive
    EXPECT_EQ(valid(targets, 0, 3), all_but({}));                 // absent
    EXPECT_THAT(numbers(targets.positive), ElementsAre(0, 0, 5, 10, 1, 0));
}

TEST_F(Targets, IgnoreRegionsOfMergedBranchesBelongToTheirClass) {
    branch_.classes = {1, 0};
    Labels labels;
    labels.states = {LabelState::exhaustive, LabelState::exhaustive};
    labels.ignore = {{kAnchor5, 1}};
    labels.boxes = {{kAnchor5, 0}};
    BranchTargets targets = build({labels});
    EXPECT_EQ(valid(targets, 0, 0), all_but({1, 4, 5, 6, 9}));
    EXPECT_EQ(valid(targets, 0, 1), all_but({}));
    labels.ignore[0].class_id = -1;
    targets = build({labels});
    EXPECT_EQ(valid(targets, 0, 0), all_but({1, 4, 5, 6, 9}));
    EXPECT_EQ(valid(targets, 0, 1), all_but({1, 4, 6, 9})); // 5 is a positive of this class
}

TEST_F(Targets, StridesFollowTheLevels) {
    branch_.options.anchors.levels = {3, 4};
    const BranchTargets targets = build({one_class(LabelState::exhaustive, {{0, 0, 32, 32}, kAnchor5})});
    ASSERT_EQ(targets.valid.size(1), 16 + 4);
    expect_close(targets.strides.index({torch::tensor({0, 1})}), torch::tensor({8.0F, 16.0F}));
    expect_close(targets.anchors[1], torch::tensor({-8.0F, -8.0F, 24.0F, 24.0F}));
    expect_close(targets.boxes[1], torch::tensor({0.0F, 0.0F, 32.0F, 32.0F}));
}

} // namespace
} // namespace banyan
