#pragma once

#include <vector>

#include "core/nms.h"

namespace banyan {

/// Moves each kept box to the mean, weighted by score, of all boxes of its class that overlap it by `least_iou` or
/// more, itself among them: the boxes that suppression drops still tell where the sides lie. Scores, classes and order
/// stay. Overlaps are told before anything moves. Source: "Object detection via a multi-region & semantic
/// segmentation-aware CNN model", arXiv:1505.01749, bounding box voting.
/// @param all what suppression chose `kept` from @param least_iou in (0, 1]
/// @throws CheckError least_iou out of range
void vote_boxes(std::vector<ScoredBox>& kept, const std::vector<ScoredBox>& all, float least_iou);

} // namespace banyan
