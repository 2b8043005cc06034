#pragma once

#include <cstddef>
#include <vector>

#include "core/box.h"

namespace banyan {

/// A scored box of one class.
struct ScoredBox {
    Box box;
    float score = 0; ///< in [0, 1]
    int class_id = 0;
};

/// Boxes of each picture in its pixels, by falling score; class_id is the global class id.
using Predictions = std::vector<std::vector<ScoredBox>>; // [N]

struct NmsOptions {
    float iou_threshold = 0.6F;       ///< in (0, 1]; a box overlapping a better one of its class by more is dropped
    std::size_t max_detections = 100; ///< kept over all classes
};

/// Greedy class-wise non-maximum suppression. Returns indices into `boxes` by falling score (ties: lower index
/// first), at most max_detections of them. Boxes of different classes never suppress each other.
std::vector<std::size_t> nms(const std::vector<ScoredBox>& boxes, const NmsOptions& options);

} // namespace banyan
