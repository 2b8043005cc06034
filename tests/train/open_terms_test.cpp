#include "train/open_terms.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "train/targets.h"

namespace banyan {
namespace {

constexpr int kSide = 48;
constexpr int kClasses = 3;

Branch branch_of(std::vector<int> classes) {
    Branch branch;
    branch.name = "b";
    branch.options.anchors.levels = {3};
    branch.options.anchors.scales = {2};
    branch.classes = std::move(classes);
    return branch;
}

at::Tensor all_known(const AnchorSet& anchors, const Branch& branch) {
    return at::ones({static_cast<std::int64_t>(anchors.size()), static_cast<std::int64_t>(branch.class_count())});
}

Labels labels_of(std::vector<LabelState> states) {
    Labels labels;
    labels.states = std::move(states);
    return labels;
}

/// Regions, ignore regions and boxes with edges on whole pixels, so that areas can be counted.
class RandomPicture {
public:
    explicit RandomPicture(Random& random) : random_(random) {
        labels_.states = states();
        for (std::int64_t i = random.integer(0, 2); i > 0; --i) labels_.regions.push_back({box(), states()});
        for (std::int64_t i = random.integer(0, 2); i > 0; --i) {
            labels_.ignore.push_back({box(), static_cast<int>(random.integer(-1, kClasses - 1))});
        }
        for (std::int64_t i = random.integer(0, 3); i > 0; --i) {
            labels_.boxes.push_back({box(), static_cast<int>(random.integer(0, kClasses - 1))});
        }
    }
    const Labels& labels() const { return labels_; }

    bool is_uncovered(int class_id, int x, int y) const {
        const auto id = static_cast<std::size_t>(class_id);
        LabelState state = labels_.states[id];
        for (const LabelRegion& region : labels_.regions) {
            if (holds(region.area, x, y)) state = region.states[id];
        }
        return !is_covered(state);
    }
    bool is_ignored(int class_id, int x, int y) const {
        return std::any_of(labels_.ignore.begin(), labels_.ignore.end(), [&](const IgnoreRegion& region) {
            return (region.class_id < 0 || region.class_id == class_id) && holds(region.area, x, y);
        });
    }

private:
    static bool holds(const Polygon& area, int x, int y) {
        return contains(area, {static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F});
    }
    std::vector<LabelState> states() {
        std::vector<LabelState> states(kClasses);
        for (LabelState& state : states) state = static_cast<LabelState>(random_.integer(0, 3));
        return states;
    }
    Box box() {
        const auto x = random_.integer(0, kSide - 2), y = random_.integer(0, kSide - 2);
        return {static_cast<float>(x), static_cast<float>(y), static_cast<float>(random_.integer(x + 1, kSide)),
                static_cast<float>(random_.integer(y + 1, kSide))};
    }

    Random& random_;
    Labels labels_;
};

/// Share of the pixels of the box (whole ones) inside the picture.
template <typename Holds>
double share(const Box& box, Holds holds) {
    int common = 0, whole = 0;
    for (int y = std::max(0, static_cast<int>(box.y0)); y < std::min<int>(kSide, static_cast<int>(box.y1)); ++y) {
        for (int x = std::max(0, static_cast<int>(box.x0)); x < std::min<int>(kSide, static_cast<int>(box.x1)); ++x) {
            ++whole;
            if (holds(x, y)) ++common;
        }
    }
    return static_cast<double>(common) / whole;
}

/// The definition, pixel by pixel. Anchors of scale 2 on stride 8 lie on whole pixels.
bool is_open(const RandomPicture& picture, const Box& anchor, int class_id) {
    const auto uncovered = [&](int x, int y) { return picture.is_uncovered(class_id, x, y); };
    const Box cell{anchor.x0 + 4, anchor.y0 + 4, anchor.x1 - 4, anchor.y1 - 4};
    const bool covered = share(cell, uncovered) == 0 && share(anchor, uncovered) < static_cast<double>(kUncoveredShare);
    return !covered && share(anchor, [&](int x, int y) { return picture.is_ignored(class_id, x, y); }) < 0.5;
}

TEST(OpenTermsOfRows, EqualALoopOverPixels) {
    Random random(21);
    const Branch branch = branch_of({2, 0});
    const AnchorSet anchors = make_anchors(branch.options.anchors, kSide, kSide);
    int open = 0, closed = 0;
    for (int round = 0; round < 150; ++round) {
        const RandomPicture picture(random);
        const OpenTerms found = find_open_terms(branch, anchors, {picture.labels()}, all_known(anchors, branch));
        for (std::size_t r = 0; r < anchors.size(); ++r) {
            for (std::size_t k = 0; k < 2; ++k) {
                const bool expected = is_open(picture, anchors.boxes[r], branch.classes[k]);
                const bool got =
                    found.rows.size(0) == 1 &&
                    found.open[0][static_cast<std::int64_t>(r)][static_cast<std::int64_t>(k)].item<float>() != 0;
                ASSERT_EQ(got, expected) << "round " << round << ", anchor " << r << ", class " << branch.classes[k];
                ++(expected ? open : closed);
            }
        }
    }
    EXPECT_GT(open, 2000);
    EXPECT_GT(closed, 2000);
}

TEST(OpenTermsOfRows, AreNeverJudgedBackground) {
    Random random(22);
    const Branch branch = branch_of({0, 1, 2});
    const AnchorSet anchors = make_anchors(branch.options.anchors, kSide, kSide);
    for (int round = 0; round < 100; ++round) {
        const RandomPicture picture(random);
        const OpenTerms open = find_open_terms(branch, anchors, {picture.labels()}, all_known(anchors, branch));
        const BranchTargets targets = build_targets(branch, anchors, {picture.labels()});
        if (open.rows.size(0) == 0 || targets.empty()) continue;
        at::Tensor background = targets.valid.clone();
        background.index_put_({targets.positive[0], targets.positive[1], targets.positive[2]}, at::zeros({}));
        EXPECT_EQ((background * open.open).sum().item<float>(), 0);
    }
}

TEST(OpenTermsOfRows, OfOneRowLeaveWhatIsKnownAsItWas) {
    const Branch branch = branch_of({0, 1});
    const AnchorSet anchors = make_anchors(branch.options.anchors, kSide, kSide);
    const at::Tensor known = all_known(anchors, branch);
    find_open_terms(branch, anchors, {labels_of({LabelState::exhaustive, LabelState::absent})}, known);
    EXPECT_TRUE(at::equal(known, all_known(anchors, branch)));
}

TEST(OpenTermsOfRows, RowsGoByTheStateOfEachClass) {
    const Branch branch = branch_of({0, 1});
    const AnchorSet anchors = make_anchors(branch.options.anchors, kSide, kSide);
    const auto unknown = LabelState::unknown, exhaustive = LabelState::exhaustive, absent = LabelState::absent,
               partial = LabelState::partial;
    const std::vector<Labels> labels{labels_of({unknown, unknown, unknown}), labels_of({exhaustive, absent, unknown}),
                                     labels_of({exhaustive, partial, unknown}), labels_of({unknown, absent, absent})};
    const OpenTerms open = find_open_terms(branch, anchors, labels, all_known(anchors, branch));
    EXPECT_TRUE(at::equal(open.rows, at::tensor({0, 2, 3}, at::kLong)));
    const auto count = static_cast<float>(anchors.size());
    EXPECT_TRUE(at::equal(open.open.sum(1), at::tensor({count, count, 0.0F, count, count, 0.0F}).view({3, 2})));
}

TEST(OpenTermsOfRows, AreAskedForWhereTheyAreKnownOnly) {
    const Branch branch = branch_of({0, 1});
    const AnchorSet anchors = make_anchors(branch.options.anchors, kSide, kSide);
    at::Tensor known = all_known(anchors, branch);
    known.select(1, 1).zero_();
    known[4][0] = 0;
    const std::vector<Labels> labels{labels_of({LabelState::exhaustive, LabelState::unknown, LabelState::unknown}),
                                     labels_of({LabelState::unknown, LabelState::unknown, LabelState::unknown})};
    const OpenTerms open = find_open_terms(branch, anchors, labels, known);
    EXPECT_TRUE(at::equal(open.rows, at::tensor({1}, at::kLong)));
    EXPECT_TRUE(at::equal(open.open[0], known));
    expect_error<CheckError>([&] { find_open_terms(branch, anchors, labels, known[0]); }, {"known"});
}

} // namespace
} // namespace banyan
