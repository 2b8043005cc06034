// Which class terms of composed pictures are valid: against a loop over pixels, and the proof of train/targets.h.

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "anchors/predicted_matcher.h"
#include "core/random.h"
#include "train/targets.h"

namespace banyan {
namespace {

constexpr int kSide = 48;
constexpr int kClasses = 3;

struct Case {
    Branch branch;
    AnchorSet anchors;
    Labels labels;
};

float number(Random& random, double low, double high) { return static_cast<float>(random.uniform(low, high)); }

Box random_box(Random& random, double largest) {
    const float x = number(random, -4, kSide), y = number(random, -4, kSide);
    return {x, y, x + number(random, 1, largest), y + number(random, 1, largest)};
}

Polygon random_area(Random& random) {
    if (random.chance(0.6)) return random_box(random, kSide);
    std::vector<Point> corners;
    for (std::int64_t i = random.integer(3, 6); i > 0; --i) {
        const float x = number(random, -6, kSide + 6);
        corners.push_back({x, number(random, -6, kSide + 6)});
    }
    return Polygon(corners);
}

std::vector<LabelState> random_states(Random& random) {
    std::vector<LabelState> states(kClasses);
    for (LabelState& state : states) state = static_cast<LabelState>(random.integer(0, 3));
    return states;
}

Case random_case(Random& random) {
    Case made;
    AnchorOptions& anchors = made.branch.options.anchors;
    anchors.levels = random.chance(0.5) ? std::vector<int>{3, 4} : std::vector<int>{3};
    anchors.scales = {random.uniform(0.5, 4)};
    if (random.chance(0.5)) anchors.aspect_hw = {0.5, 2};
    made.branch.options.matcher.kind = random.chance(0.5) ? MatcherKind::atss : MatcherKind::max_iou;
    made.branch.options.matcher.max_iou.negative_iou = number(random, 0, 0.5);
    made.branch.classes = random.chance(0.5) ? std::vector<int>{2, 0} : std::vector<int>{1};
    // 44 is no multiple of the strides: the last cells reach over the edge.
    made.anchors = make_anchors(anchors, kSide, random.chance(0.5) ? kSide : 44);
    Labels& labels = made.labels;
    labels.states = random_states(random);
    for (std::int64_t i = random.integer(0, 3); i > 0; --i) {
        labels.regions.push_back({random_area(random), random_states(random)});
    }
    for (std::int64_t i = random.integer(0, 2); i > 0; --i) {
        labels.ignore.push_back({random_area(random), static_cast<int>(random.integer(-1, kClasses - 1))});
    }
    for (std::int64_t i = random.integer(0, 5); i > 0; --i) {
        labels.boxes.push_back({random_box(random, 24), static_cast<int>(random.integer(0, kClasses - 1))});
    }
    return made;
}

/// All of it pixel by pixel.
class PixelOracle {
public:
    PixelOracle(const Labels& labels, int width, int height) : labels_(labels), width_(width), height_(height) {}

    LabelState state(int class_id, int x, int y) const {
        const auto id = static_cast<std::size_t>(class_id);
        LabelState state = labels_.states[id];
        for (const LabelRegion& region : labels_.regions) {
            if (contains(region.area, centre(x, y))) state = region.states[id];
        }
        return state;
    }
    LabelState state_at_centre(const LabelledBox& labelled) const {
        const Box& box = labelled.box;
        const int x = static_cast<int>(std::floor((box.x0 + box.x1) / 2)),
                  y = static_cast<int>(std::floor((box.y0 + box.y1) / 2));
        return state(labelled.class_id, std::clamp(x, 0, width_ - 1), std::clamp(y, 0, height_ - 1));
    }
    bool is_uncovered(int class_id, int x, int y) const {
        const LabelState found = state(class_id, x, y);
        return found == LabelState::unknown || found == LabelState::partial;
    }
    bool is_ignored(int class_id, int x, int y) const {
        return std::any_of(labels_.ignore.begin(), labels_.ignore.end(), [&](const IgnoreRegion& region) {
            return (region.class_id < 0 || region.class_id == class_id) && contains(region.area, centre(x, y));
        });
    }
    /// Share of the box's part in the picture on pixels for which `holds` is true.
    template <typename Holds>
    double share(const Box& box, Holds holds) const {
        double common = 0, whole = 0;
        for (int y = std::max(0, static_cast<int>(box.y0)); y < height_ && static_cast<float>(y) < box.y1; ++y) {
            for (int x = std::max(0, static_cast<int>(box.x0)); x < width_ && static_cast<float>(x) < box.x1; ++x) {
                const double across = std::min<double>(x + 1, box.x1) - std::max<double>(x, box.x0);
                const double down = std::min<double>(y + 1, box.y1) - std::max<double>(y, box.y0);
                if (across <= 0 || down <= 0) continue;
                whole += across * down;
                if (holds(x, y)) common += across * down;
            }
        }
        return whole > 0 ? common / whole : 0;
    }

private:
    static Point centre(int x, int y) { return {static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F}; }

    const Labels& labels_;
    int width_, height_;
};

Box cell_of(const AnchorSet& anchors, std::size_t anchor) {
    const Box& box = anchors.boxes[anchor];
    const auto half = static_cast<float>(anchors.stride_of(anchor)) / 2;
    const float x = std::round((box.x0 + box.x1) / 2), y = std::round((box.y0 + box.y1) / 2);
    return {x - half, y - half, x + half, y + half};
}

enum class Verdict { judged, dropped, too_close };

/// Rule 2 of train/targets.h; too close where rounding may decide.
Verdict background(const Case& made, const PixelOracle& oracle, int class_id, std::size_t anchor) {
    const auto uncovered = [&](int x, int y) { return oracle.is_uncovered(class_id, x, y); };
    if (oracle.share(cell_of(made.anchors, anchor), uncovered) > 0) return Verdict::dropped;
    const double share = oracle.share(made.anchors.boxes[anchor], uncovered);
    const double ignored =
        oracle.share(made.anchors.boxes[anchor], [&](int x, int y) { return oracle.is_ignored(class_id, x, y); });
    const auto limit = static_cast<double>(background_share(made.branch.options.matcher));
    for (const double distance : {share - limit, ignored - 0.5}) {
        if (std::abs(distance) < 1e-6) return Verdict::too_close;
    }
    return (share == 0 || share < limit) && ignored < 0.5 ? Verdict::judged : Verdict::dropped;
}

/// The matcher's answer for the boxes that the oracle calls known, and their places in Labels::boxes.
std::pair<Matches, std::vector<std::size_t>> known_matches(const Case& made, const PixelOracle& oracle) {
    std::vector<Box> boxes;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < made.labels.boxes.size(); ++i) {
        const LabelledBox& box = made.labels.boxes[i];
        const std::vector<int>& classes = made.branch.classes;
        if (std::find(classes.begin(), classes.end(), box.class_id) == classes.end()) continue;
        if (oracle.state_at_centre(box) == LabelState::unknown) continue;
        boxes.push_back(box.box);
        places.push_back(i);
    }
    return {match(made.anchors, boxes, made.branch.options.matcher), places};
}

TEST(CoverageTargets, EqualALoopOverPixels) {
    Random random(11);
    std::size_t judged = 0, dropped = 0, positives = 0;
    for (int round = 0; round < 1200; ++round) {
        const Case made = random_case(random);
        const PixelOracle oracle(made.labels, made.anchors.width, made.anchors.height);
        const BranchTargets targets = build_targets(made.branch, made.anchors, {made.labels});
        const auto [matches, places] = known_matches(made, oracle);
        for (std::size_t anchor = 0; anchor < made.anchors.size(); ++anchor) {
            for (std::size_t k = 0; k < made.branch.class_count(); ++k) {
                const int class_id = made.branch.classes[k];
                const bool positive =
                    matches[anchor] >= 0 &&
                    made.labels.boxes[places[static_cast<std::size_t>(matches[anchor])]].class_id == class_id;
                Verdict expected = positive ? Verdict::judged : Verdict::dropped;
                if (!positive && matches[anchor] != kBetween) expected = background(made, oracle, class_id, anchor);
                if (expected == Verdict::too_close) continue;
                const bool valid = !targets.empty() &&
                                   targets.valid.const_data_ptr<float>()[anchor * made.branch.class_count() + k] != 0;
                ASSERT_EQ(valid, expected == Verdict::judged)
                    << "round " << round << " anchor " << anchor << " class " << class_id;
                ++(valid ? judged : dropped);
                positives += positive ? 1 : 0;
            }
        }
    }
    EXPECT_GT(judged, 20000U);
    EXPECT_GT(dropped, 20000U);
    EXPECT_GT(positives, 1000U);
}

/// A box, often a small one, wholly where the class is not covered; empty where a few throws find none.
Box hidden_object(Random& random, const AnchorSet& anchors, const PixelOracle& oracle, int class_id) {
    for (int i = 0; i < 20; ++i) {
        const Box object = clip(random_box(random, random.chance(0.7) ? 5 : 32), static_cast<float>(anchors.width),
                                static_cast<float>(anchors.height));
        const auto uncovered = [&](int x, int y) { return oracle.is_uncovered(class_id, x, y); };
        if (object.area() > 0 && oracle.share(object, uncovered) > 1 - 1e-12) return object;
    }
    return {};
}

/// What a matcher gives one object; predictions are drawn.
Matches matches_of(Random& random, const Case& made, const Box& object) {
    const MatcherOptions& matcher = made.branch.options.matcher;
    if (!needs_predictions(matcher)) return match(made.anchors, {object}, matcher);
    std::vector<MatchCandidate> candidates = find_match_candidates(made.anchors, {object});
    for (MatchCandidate& candidate : candidates) {
        candidate.score = number(random, 0, 1);
        candidate.iou = number(random, 0, 1);
    }
    return match_predicted(made.anchors.size(), 1, candidates, matcher).matches;
}

/// The proof: an unlabelled object in the uncovered area is matched to no anchor that counts as background, whichever
/// the matcher and however small the object.
TEST(CoverageTargets, ObjectsNobodyLabelledAreNeverBackground) {
    Random random(12);
    std::size_t tried = 0, background_beside = 0;
    while (tried < 6000) {
        Case made = random_case(random);
        made.labels.ignore.clear();
        made.labels.boxes.clear();
        if (random.chance(0.7)) made.labels.states.assign(kClasses, LabelState::exhaustive);
        MatcherOptions& matcher = made.branch.options.matcher;
        if (random.chance(0.5)) matcher.kind = random.chance(0.5) ? MatcherKind::tal : MatcherKind::simota;
        matcher.max_iou.force_best = false; // forces all anchors of one IoU, see the proof
        const PixelOracle oracle(made.labels, made.anchors.width, made.anchors.height);
        const std::size_t classes = made.branch.class_count();
        const auto k = static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(classes) - 1));
        const Box object = hidden_object(random, made.anchors, oracle, made.branch.classes[k]);
        const BranchTargets targets = build_targets(made.branch, made.anchors, {made.labels});
        if (object.area() == 0 || targets.empty()) continue;
        ++tried;
        const Matches matches = matches_of(random, made, object);
        const auto* valid = targets.valid.const_data_ptr<float>();
        for (std::size_t anchor = 0; anchor < matches.size(); ++anchor) {
            if (valid[anchor * classes + k] == 0) continue;
            const Box& box = made.anchors.boxes[anchor];
            const bool forced_by_rounding =
                !needs_predictions(matcher) && covered_share(object, box) > 1 - 1e-6F; // the exception of the proof
            if (!forced_by_rounding) {
                ASSERT_EQ(matches[anchor], kUnmatched) << "try " << tried << " anchor " << anchor;
            }
            background_beside += iou(box, object) > 0 ? 1 : 0;
        }
    }
    EXPECT_GT(background_beside, 1000U);
}

TEST(CoverageTargets, ATileJudgesItsOwnClassesOnly) {
    Branch branch;
    branch.options.anchors.levels = {3};
    branch.options.anchors.scales = {1};
    branch.classes = {0, 1};
    const AnchorSet anchors = make_anchors(branch.options.anchors, 16, 32); // 2 x 4 cells
    Labels labels;
    labels.states = {LabelState::unknown, LabelState::unknown};
    labels.regions = {{Box{0, 0, 16, 16}, {LabelState::exhaustive, LabelState::unknown}},
                      {Box{16, 0, 32, 16}, {LabelState::unknown, LabelState::absent}}};
    labels.boxes = {{{0, 0, 8, 8}, 0}, {{24, 8, 32, 16}, 0}}; // the second lies where its class is unknown
    const BranchTargets targets = build_targets(branch, anchors, {labels});
    EXPECT_EQ(targets.positives(), 1);
    EXPECT_EQ(targets.active, (std::vector<bool>{true, true}));
    for (std::int64_t anchor = 0; anchor < 8; ++anchor) {
        const bool left = anchor % 4 < 2;
        EXPECT_EQ(targets.valid[0][anchor][0].item<float>() != 0, left) << anchor;
        EXPECT_EQ(targets.valid[0][anchor][1].item<float>() != 0, !left) << anchor;
    }
}

TEST(CoverageTargets, RowsWhoseRegionsTellNothingAreLeftOut) {
    Branch branch;
    branch.options.anchors.levels = {3};
    branch.classes = {1};
    Labels labels;
    labels.states = {LabelState::exhaustive, LabelState::unknown};
    labels.regions = {{Box{0, 0, 32, 16}, {LabelState::absent, LabelState::partial}}};
    const BranchTargets targets = build_targets(branch, make_anchors(branch.options.anchors, 32, 32), {labels});
    EXPECT_TRUE(targets.empty());
    EXPECT_EQ(targets.active, std::vector<bool>{false});
}

} // namespace
} // namespace banyan
