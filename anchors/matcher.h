#pragma once

#include <cstdint>
#include <vector>

#include "anchors/anchors.h"
#include "core/box.h"

namespace banyan {

inline constexpr std::int32_t kUnmatched = -1; ///< background, if the label states allow that
inline constexpr std::int32_t kBetween = -2;   ///< neither positive nor negative: no class term at all

/// For each anchor the index of the truth box it is to find, kUnmatched or kBetween. [R]
using Matches = std::vector<std::int32_t>;

/// "Faster R-CNN", arXiv:1506.01497, section 3.1.2.
struct MaxIouOptions {
    float positive_iou = 0.5F; ///< (0, 1]
    float negative_iou = 0.4F; ///< [0, positive_iou]; between the two: kBetween (an anchor that meets no box never is)
    /// Each truth box gets its best anchor (all ties) even below positive_iou, if it touches one. Of boxes that want
    /// the same anchor the higher IoU wins; one that thus ends without gets the best anchor that is free, or else one
    /// whose box has more.
    bool force_best = true;
    bool operator==(const MaxIouOptions&) const = default;
};

/// "Bridging the Gap Between Anchor-based and Anchor-free Detection", arXiv:1912.02424, algorithm 1: per truth box the
/// top_k anchors of each level by centre distance; positive: IoU >= mean + std of these and centre inside the box.
/// An anchor claimed by several boxes goes to the one with the highest IoU. As in the paper's own program, the std is
/// that of a sample (n - 1) and a level of A anchors a cell gives top_k * A candidates. A box that ends without an
/// anchor (small objects between centres) gets its candidate of the highest IoU that is free, or else one whose box has
/// more, so that every truth box is learned.
struct AtssOptions {
    int top_k = 9; ///< [1, 100] nearest cells of a level (all of them, where it has fewer)
    bool operator==(const AtssOptions&) const = default;
};

/// Task-aligned assignment, "TOOD", arXiv:2108.07755, section 3.2: each truth box takes, of the anchors whose centre
/// lies in it, the top_k of the highest alignment score^alpha * IoU^beta, told from what the network predicts there:
/// its score for the box's class and the IoU of its box. An anchor claimed by several boxes goes to the highest IoU.
/// The class target of an anchor is its alignment, scaled so that a box's best anchor has the box's best IoU.
struct TalOptions {
    int top_k = 13;   ///< [1, 100]
    double alpha = 1; ///< [0, 10]
    double beta = 6;  ///< [0, 10]
    bool operator==(const TalOptions&) const = default;
};

/// "YOLOX", arXiv:2107.08430, SimOTA: each truth box takes, of the anchors whose centre lies in it, the k of the lowest
/// cost -log score - iou_weight * log IoU, where k is the sum of its top_k highest IoUs, rounded down, at least 1. An
/// anchor claimed by several boxes goes to the lowest cost. The class target is the IoU. (Unlike there, anchors beside
/// the box never compete, and the cost has the score of the box's own class alone: other classes may be not judged.)
struct SimOtaOptions {
    int top_k = 10;        ///< [1, 100]
    double iou_weight = 3; ///< [0, 100]
    bool operator==(const SimOtaOptions&) const = default;
};

enum class MatcherKind {
    atss,
    max_iou,
    tal,   ///< looks at predictions: match_predicted in predicted_matcher.h
    simota ///< the same
};

struct MatcherOptions {
    MatcherKind kind = MatcherKind::atss;
    MaxIouOptions max_iou;
    AtssOptions atss;
    TalOptions tal;
    SimOtaOptions simota;
    bool operator==(const MatcherOptions&) const = default;
};

/// True for matchers that go by what the network predicts, so can only be asked after its forward pass.
inline bool needs_predictions(const MatcherOptions& options) {
    return options.kind == MatcherKind::tal || options.kind == MatcherKind::simota;
}

/// Truth boxes without an area match nothing. Ties go to the lower index, of boxes and of anchors. Costs microseconds
/// an image: only anchors that can matter for a box are looked at. `anchors` must be the grid of make_anchors.
/// @throws CheckError options out of range; match() with a matcher that needs predictions
Matches match_max_iou(const AnchorSet& anchors, const std::vector<Box>& truth, const MaxIouOptions& options);
Matches match_atss(const AnchorSet& anchors, const std::vector<Box>& truth, const AtssOptions& options);
Matches match(const AnchorSet& anchors, const std::vector<Box>& truth, const MatcherOptions& options);

} // namespace banyan
