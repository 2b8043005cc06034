#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "anchors/matcher.h"

namespace banyan {

/// An anchor that may be given a truth box, and what the network predicts there.
struct MatchCandidate {
    std::int32_t truth = 0;
    std::size_t anchor = 0;
    float distance2 = 0; ///< squared distance of the two centres in pixels
    bool inside = false; ///< the anchor's centre lies in the box
    float score = 0;     ///< [0, 1] predicted for the class of the truth box
    float iou = 0;       ///< [0, 1] of the predicted box with the truth box
};

/// The candidates of all truth boxes, box by box, anchors rising; score and iou are left to the caller: the anchors
/// whose centre lies in the box, and the nearest cell of each level as a reserve for boxes that get no other. Boxes
/// without an area have none.
std::vector<MatchCandidate> find_match_candidates(const AnchorSet& anchors, const std::vector<Box>& truth);

/// Answer of a matcher that looks at predictions.
struct PredictedMatches {
    Matches matches;            ///< [R]; never kBetween
    std::vector<float> quality; ///< [R] class target in [0, 1] of anchors that have a box, else 0
};

/// Matches by predictions, "tal" or "simota". Candidates inside their box compete; a box that ends without an anchor
/// gets its best candidate, of the reserve too, that is free, or else one whose box has more. Ties go to the
/// nearer anchor, then to the lower index, of boxes and of anchors. Scores and IoU that are NaN count as 0.
/// @param anchors    number of anchors, R
/// @param truth      number of truth boxes, M
/// @param candidates as find_match_candidates gives them, with score and iou
/// @throws CheckError options out of range or another kind of matcher, a candidate out of range
PredictedMatches match_predicted(std::size_t anchors, std::size_t truth, const std::vector<MatchCandidate>& candidates,
                                 const MatcherOptions& options);

} // namespace banyan
