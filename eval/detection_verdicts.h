#pragma once

#include <cstdint>
#include <vector>

#include "eval/coco_metrics.h"

namespace banyan {

/// What one detection counts as at the first IoU threshold, over all areas.
enum class DetectionVerdict : std::uint8_t {
    true_positive,
    false_positive,
    ignored,  ///< in an ignore region, or unmatched where the labels are partial
    unjudged, ///< its image does not label its class
    surplus   ///< behind the last of max_detections (100) of its image and class: counts nowhere
};

/// [detection], by the matching of evaluate_coco. @throws as evaluate_coco
std::vector<DetectionVerdict> judge_detections(const CocoProblem& problem, const CocoOptions& options = {});

} // namespace banyan
