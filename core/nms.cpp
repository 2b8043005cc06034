#include "core/nms.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "core/check.h"

namespace banyan {

namespace {

void check_input(const std::vector<ScoredBox>& boxes, const NmsOptions& options) {
    BANYAN_CHECK(options.iou_threshold > 0 && options.iou_threshold <= 1, "nms: iou_threshold must be in (0, 1], got ",
                 options.iou_threshold);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        const auto& [box, score, class_id] = boxes[i];
        const bool finite = std::isfinite(box.x0) && std::isfinite(box.y0) && std::isfinite(box.x1) &&
                            std::isfinite(box.y1) && std::isfinite(score);
        BANYAN_CHECK(finite, "nms: box ", i, " has a non-finite corner or score");
    }
}

bool meet(const Box& a, const Box& b) { return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1; }

bool suppressed(const Box& box, const std::vector<Box>& kept, float iou_threshold) {
    // Most pairs do not meet at all: four comparisons spare the division.
    return std::any_of(kept.begin(), kept.end(),
                       [&](const Box& better) { return meet(box, better) && iou(box, better) > iou_threshold; });
}

} // namespace

// One walk in falling score over all classes together: it can stop as soon as max_detections are kept, so the cost is
// O(n log n + n * kept of one class), not O(n^2).
std::vector<std::size_t> nms(const std::vector<ScoredBox>& boxes, const NmsOptions& options) {
    check_input(boxes, options);
    std::vector<std::size_t> order(boxes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return boxes[a].score > boxes[b].score; });

    std::unordered_map<int, std::vector<Box>> kept_of_class;
    std::vector<std::size_t> kept;
    for (const std::size_t index : order) {
        if (kept.size() >= options.max_detections) break;
        const ScoredBox& candidate = boxes[index];
        std::vector<Box>& better = kept_of_class[candidate.class_id];
        if (suppressed(candidate.box, better, options.iou_threshold)) continue;
        better.push_back(candidate.box);
        kept.push_back(index);
    }
    return kept;
}

} // namespace banyan
