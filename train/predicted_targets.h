#pragma once

#include "train/branch_loss.h"
#include "train/targets.h"

namespace banyan {

/// Completes targets whose matcher needs predictions (BranchTargets::unmatched): in each row the anchors that may find
/// a truth box are given to it by the score for its class and the IoU of its predicted box
/// (anchors/predicted_matcher.h). What background is judged does not depend on it: an anchor that gets no box keeps the
/// row's judged terms. Nothing is differentiated. Targets of other matchers come back as they are.
///
/// Cost: scores and boxes are taken at candidates only, all rows at once; one copy to the CPU.
/// @param anchors those of the outputs' size @param outputs for the rows of `targets`
BranchTargets match_predictions(const Branch& branch, const AnchorSet& anchors, const FlatOutputs& outputs,
                                BranchTargets targets);

} // namespace banyan
