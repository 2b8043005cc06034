#pragma once

#include <vector>

#include "anchors/anchors.h"
#include "core/nms.h"
#include "heads/decode.h"
#include "network/branch.h"

namespace banyan {

struct PredictOptions {
    double score_threshold = 0.05;
    double nms_iou = 0.6;
    int max_detections = 100; ///< per image and branch
    bool bf16 = false;        ///< autocast to bfloat16
    double box_voting = 0;    ///< DetectionOptions::box_voting
};
PredictOptions predict_options(const DetectionOptions& detection);

/// What one branch finds in one image. @param levels its outputs, channels innermost, as anchors.levels
std::vector<ScoredBox> branch_boxes(const Branch& branch, const AnchorSet& anchors, const std::vector<RawLevel>& levels,
                                    const PredictOptions& options);

} // namespace banyan
