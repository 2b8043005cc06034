#include "core/nms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

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

/// Whether `better` removes the box.
bool suppresses(const Box& better, const Box& box, const NmsOptions& options) {
    const float overlap = iou(box, better), threshold = options.iou_threshold;
    return overlap > threshold &&
           (options.kind == NmsKind::greedy || overlap - centre_distance(box, better) > threshold);
}

/// Boxes of one class that were kept, their sides apart in blocks, so that one instruction tests several of them.
class KeptBoxes {
public:
    void add(const Box& box) {
        const std::size_t lane = boxes_.size() % kLanes;
        if (lane == 0) blocks_.emplace_back();
        Block& block = blocks_.back();
        block.x0[lane] = box.x0;
        block.y0[lane] = box.y0;
        block.x1[lane] = box.x1;
        block.y1[lane] = box.y1;
        block.area[lane] = has_plain_area(box) ? box.area() : -std::numeric_limits<float>::infinity();
        boxes_.push_back(box);
    }

    bool suppress(const Box& box, const NmsOptions& options) const {
        const bool is_plain = has_plain_area(box);
        for (std::size_t b = 0; b < blocks_.size(); ++b) {
            if (is_plain && !may_overlap(blocks_[b], box, options.iou_threshold)) continue;
            const std::size_t end = std::min(boxes_.size(), (b + 1) * kLanes);
            for (std::size_t i = b * kLanes; i < end; ++i) {
                if (suppresses(boxes_[i], box, options)) return true;
            }
        }
        return false;
    }

private:
    static constexpr std::size_t kLanes = 16;
    using Lane = std::array<float, kLanes>;
    /// Lanes without a box are 0: no area, so no overlap. Of a box whose area is not plain it is -infinity, which every
    /// overlap is above.
    struct Block {
        Lane x0{}, y0{}, x1{}, y1{}, area{};
    };

    /// Whether products of its sides neither overflow nor vanish in float.
    static bool has_plain_area(const Box& box) { return box.area() > 1e-20F && box.area() < 1e30F; }

    /// False only where no box of the block overlaps by more than the threshold. A little less will do, since without
    /// the division numbers are rounded otherwise.
    static bool may_overlap(const Block& block, const Box& box, float threshold) {
        const float least = 0.999F * threshold, area = box.area();
        int some = 0;
        for (std::size_t i = 0; i < kLanes; ++i) {
            const float width = std::min(block.x1[i], box.x1) - std::max(block.x0[i], box.x0);
            const float height = std::min(block.y1[i], box.y1) - std::max(block.y0[i], box.y0);
            const float common = std::max(width, 0.0F) * std::max(height, 0.0F);
            some |= static_cast<int>(common > least * (block.area[i] + area - common));
        }
        return some != 0;
    }

    std::vector<Block> blocks_;
    std::vector<Box> boxes_;
};

/// Indices by falling score, of equal ones the lower first.
std::vector<std::size_t> by_falling_score(const std::vector<ScoredBox>& boxes) {
    std::vector<std::pair<float, std::size_t>> keys;
    keys.reserve(boxes.size());
    for (std::size_t i = 0; i < boxes.size(); ++i) keys.emplace_back(-boxes[i].score, i);
    std::sort(keys.begin(), keys.end());
    std::vector<std::size_t> order;
    order.reserve(keys.size());
    for (const auto& [score, index] : keys) order.push_back(index);
    return order;
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
    std::unordered_map<int, KeptBoxes> kept_of_class;
    std::vector<std::size_t> kept;
    for (const std::size_t index : by_falling_score(boxes)) {
        if (kept.size() >= options.max_detections) break;
        const ScoredBox& candidate = boxes[index];
        KeptBoxes& better = kept_of_class[candidate.class_id];
        if (better.suppress(candidate.box, options)) continue;
        better.add(candidate.box);
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
