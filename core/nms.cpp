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

/// Squared distance of the centres as a part of the squared diagonal of the smallest box around both.
float centre_distance(const Box& a, const Box& b) {
    const float dx = (a.x0 + a.x1 - b.x0 - b.x1) / 2, dy = (a.y0 + a.y1 - b.y0 - b.y1) / 2;
    const float width = std::max(a.x1, b.x1) - std::min(a.x0, b.x0);
    const float height = std::max(a.y1, b.y1) - std::min(a.y0, b.y0);
    return (dx * dx + dy * dy) / (width * width + height * height);
}

bool suppressed(const Box& box, const std::vector<Box>& kept, const NmsOptions& options) {
    const float threshold = options.iou_threshold;
    return std::any_of(kept.begin(), kept.end(), [&](const Box& better) {
        // Most pairs do not meet at all: four comparisons spare the division.
        if (!meet(box, better)) return false;
        const float overlap = iou(box, better);
        return overlap > threshold &&
               (options.kind == NmsKind::greedy || overlap - centre_distance(box, better) > threshold);
    });
}

/// Weakens what overlaps `better`; of its class only.
void weaken(std::vector<ScoredBox>& boxes, const ScoredBox& better, float sigma) {
    for (ScoredBox& box : boxes) {
        if (box.class_id != better.class_id || !meet(box.box, better.box)) continue;
        const float overlap = iou(box.box, better.box);
        box.score *= std::exp(-overlap * overlap / sigma);
    }
}

/// O(kept * n): the best of those left is taken, the others weakened, again and again.
std::vector<ScoredBox> soft_nms(std::vector<ScoredBox> left, const NmsOptions& options) {
    BANYAN_CHECK(options.soft_sigma > 0, "nms: soft_sigma must be above 0, got ", options.soft_sigma);
    std::vector<ScoredBox> kept;
    const auto is_worse = [](const ScoredBox& a, const ScoredBox& b) { return a.score < b.score; };
    while (!left.empty() && kept.size() < options.max_detections) {
        const auto best = std::max_element(left.begin(), left.end(), is_worse); // of equal ones the first
        if (best->score < options.soft_lowest_score) break;
        kept.push_back(*best);
        left.erase(best);
        weaken(left, kept.back(), options.soft_sigma);
    }
    return kept;
}

} // namespace

// One walk in falling score over all classes together: it can stop as soon as max_detections are kept, so the cost is
// O(n log n + n * kept of one class), not O(n^2).
std::vector<std::size_t> nms(const std::vector<ScoredBox>& boxes, const NmsOptions& options) {
    check_input(boxes, options);
    BANYAN_CHECK(options.kind != NmsKind::soft, "nms: soft suppression changes scores; use suppress_overlaps");
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
        if (suppressed(candidate.box, better, options)) continue;
        better.push_back(candidate.box);
        kept.push_back(index);
    }
    return kept;
}

std::vector<ScoredBox> suppress_overlaps(const std::vector<ScoredBox>& boxes, const NmsOptions& options) {
    if (options.kind == NmsKind::soft) {
        check_input(boxes, options);
        return soft_nms(boxes, options);
    }
    std::vector<ScoredBox> kept;
    for (const std::size_t index : nms(boxes, options)) kept.push_back(boxes[index]);
    return kept;
}

} // namespace banyan
