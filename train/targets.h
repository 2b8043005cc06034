#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "anchors/anchors.h"
#include "anchors/matcher.h"
#include "data/sample.h"
#include "model/multi_task_model.h"

namespace banyan {

/// What the labels of one picture tell a branch, whatever the matcher.
struct RowTruth {
    std::int64_t row = 0;      ///< in the batch
    std::vector<Box> boxes;    ///< [M] truth boxes in pixels of the network input
    std::vector<int> classes;  ///< [M] class of each, as a place in Branch::classes
    std::vector<float> judged; ///< [R, K] 1 where 2 a to c of BranchTargets hold, else 0
};

/// What one branch is to learn from the rows of a batch in which it has anything to learn. Made from the labels and the
/// matcher's answer; a row or branch that is not in it costs nothing and changes nothing.
///
/// A class term (row, anchor, class) is valid in two cases.
///  1. The anchor is matched to a truth box of the class. Truth boxes are those of classes that are not unknown at the
///     box's centre. Anchors, row by row, are matched against the truth boxes of all the branch's classes.
///  2. It is background that can be judged: the matcher leaves the anchor unmatched (not between), and
///     a. the class is covered (exhaustive or absent, data/coverage.h) at every pixel of the anchor's cell, the square
///        of one stride around its centre;
///     b. less than a share of the anchor's box lies where the class is not covered: background_share();
///     c. less than kIgnoredShare of it lies in the class's ignore regions.
///     Shares are those of the part of the box inside the picture. Where the whole picture is covered, a and b hold; a
///     class that is unknown or partial everywhere has no background.
///
/// Why an object that nobody labelled is never background: let O be an object of the class wholly inside the uncovered
/// area U, A an anchor that 2 lets through. Would a matcher have given A to O, had O been labelled?
///  - ATSS, TAL and SimOTA give it only if A's centre lies in O. The pixel right below the centre would then be in
///    U and in A's cell, against a.
///  - max_iou gives it, or holds it for between, only from IoU = negative_iou on. But IoU(A, O) = |A and O| / |A
///    or O| <= |A and U| / |A| <= the share of b, which is below negative_iou. (The part outside the picture only
///    makes |A| larger.)
///  - An object that no anchor fits (a small one between centres) is forced on one. TAL and SimOTA take the
///    nearest cell of a level, which holds O's centre: not A's, by a. ATSS and max_iou take the highest IoU, of
///    equal ones (ATSS) the nearest. The overlap of equal anchors with O falls, along each axis, with the distance
///    of the centres; so the anchor of A's size whose cell holds O's centre has at least A's IoU and is nearer. It
///    is not A. A could be forced only if another object took that anchor, or if both hold the whole of O and so
///    have one IoU: max_iou forces all of these, and with ATSS rounding may decide between them.
/// All of this holds up to the rounding of IoU to float.
struct BranchTargets {
    at::Tensor rows;          ///< int64 [n] indices into the batch; n may be 0
    at::Tensor valid;         ///< float32 [n, R, K], 1 or 0
    at::Tensor positive;      ///< int64 [3, P]: row in [0, n), anchor in [0, R), class in [0, K)
    at::Tensor boxes;         ///< float32 [P, 4] truth corners in pixels of the network input
    at::Tensor anchors;       ///< float32 [P, 4]
    at::Tensor strides;       ///< float32 [P]
    std::vector<bool> active; ///< [K] classes with a valid term
    at::Tensor quality;       ///< float32 [P] class target of each positive where the matcher tells it, else undefined
    /// [n] With a matcher that needs predictions, until match_predictions (train/predicted_targets.h) has asked it: the
    /// rows; `valid` holds their background and there are no positives. Else empty.
    std::vector<RowTruth> unmatched;

    bool empty() const { return rows.size(0) == 0; }
    std::int64_t positives() const { return boxes.size(0); }
};

/// The rows in which the branch may have something to learn: some truth box, or some background that can be judged.
/// @param labels one entry a batch row, in pixels of the network input, which has the size that `anchors` were made for
std::vector<RowTruth> find_truth(const Branch& branch, const AnchorSet& anchors, const std::vector<Labels>& labels);

/// @param matches [n] for each row the index of the truth box that an anchor is to find, kUnmatched or kBetween
BranchTargets assign_targets(const Branch& branch, const AnchorSet& anchors, const std::vector<RowTruth>& rows,
                             const std::vector<Matches>& matches);

/// Both, with the branch's own matcher; rows without a valid term are left out. A matcher that needs predictions is not
/// asked yet: BranchTargets::unmatched.
BranchTargets build_targets(const Branch& branch, const AnchorSet& anchors, const std::vector<Labels>& labels);

/// Limit of rule 2 b: negative_iou of max_iou, else kUncoveredShare. A share of 0 is always below it.
float background_share(const MatcherOptions& matcher);
inline constexpr float kUncoveredShare = 0.4F;
/// Limit of rule 2 c.
inline constexpr float kIgnoredShare = 0.5F;

} // namespace banyan
