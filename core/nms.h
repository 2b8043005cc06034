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

/// What becomes of boxes that overlap a better one of their class.
enum class NmsKind {
    greedy, ///< dropped where the IoU is above the threshold
    diou, ///< dropped where DIoU = IoU - d^2 is above it; d = distance of the centres as a part of the diagonal of the
          ///< smallest box around both: neighbours whose centres lie apart stay. arXiv:1911.08287, section 3.3
    soft  ///< none is dropped for its overlap: its score falls by exp(-IoU^2 / sigma) for every better one, and it goes
          ///< where too little is left. arXiv:1704.04503, equation 3
};

struct NmsOptions {
    float iou_threshold = 0.6F;       ///< in (0, 1]; of greedy and diou
    std::size_t max_detections = 100; ///< kept over all classes
    NmsKind kind = NmsKind::greedy;
    float soft_sigma = 0.5F;        ///< > 0
    float soft_lowest_score = 0.0F; ///< [0, 1); boxes that soft leaves with less are dropped
};

/// Class-wise non-maximum suppression, greedy or diou. Returns indices into `boxes` by falling score (ties: lower index
/// first), at most max_detections of them. Boxes of different classes never suppress each other.
/// @throws CheckError options out of range, kind soft, a box that is not finite
std::vector<std::size_t> nms(const std::vector<ScoredBox>& boxes, const NmsOptions& options);

/// The boxes that remain, of any kind, by falling score. Only soft changes scores. @throws CheckError as nms()
std::vector<ScoredBox> suppress_overlaps(const std::vector<ScoredBox>& boxes, const NmsOptions& options);

} // namespace banyan
