#include <algorithm>
#include <cmath>
#include <utility>

#include "anchors/matcher.h"
#include "anchors/ownership.h"
#include "core/check.h"

namespace banyan {

namespace {

struct Cell {
    double distance2 = 0; ///< squared distance of its centre from the box's, in pixels
    std::size_t index = 0;
    bool operator<(const Cell& other) const {
        return distance2 != other.distance2 ? distance2 < other.distance2 : index < other.index;
    }
};

struct Candidate {
    std::size_t anchor = 0;
    double distance2 = 0;
    float iou = 0;
};

/// Centre and size of cells along one axis, seen from a point.
struct Axis {
    double point = 0;
    int stride = 1;
    int cells = 0;

    int nearest() const {
        return static_cast<int>(std::clamp(std::floor(point / stride), 0.0, static_cast<double>(cells - 1)));
    }
    double offset(int cell) const { return (cell + 0.5) * stride - point; }
};

/// The nearest cells of one level, by looking at a square window that grows until no cell outside can be nearer.
class NearestCells {
public:
    /// The min(count, cells of the level) nearest, in no order; valid until the next call.
    const std::vector<Cell>& find(const AnchorLevel& level, double x, double y, std::size_t count) {
        const Axis columns{x, level.stride, level.width};
        const Axis rows{y, level.stride, level.height};
        const auto all = static_cast<std::size_t>(level.width) * static_cast<std::size_t>(level.height);
        count = std::min(count, all);
        for (int radius = start_radius(count);; ++radius) {
            fill(columns, rows, radius);
            if (cells_.size() < count) continue;
            const auto farthest = cells_.begin() + static_cast<std::ptrdiff_t>(count) - 1;
            std::nth_element(cells_.begin(), farthest, cells_.end());
            // The point lies in the middle cell or beyond the grid's edge there, so cells outside are at least so far.
            const double outside = (radius + 0.5) * level.stride;
            if (cells_.size() == all || farthest->distance2 < outside * outside) break;
        }
        cells_.resize(count);
        return cells_;
    }

private:
    /// Half the side of a window that usually is enough: a circle around `count` cells and half a cell.
    static int start_radius(std::size_t count) {
        return static_cast<int>(std::ceil(std::sqrt(static_cast<double>(count) / 3.14) + 0.2));
    }

    void fill(const Axis& columns, const Axis& rows, int radius) {
        cells_.clear();
        const int first_x = std::max(columns.nearest() - radius, 0);
        const int last_x = std::min(columns.nearest() + radius, columns.cells - 1);
        const int first_y = std::max(rows.nearest() - radius, 0);
        const int last_y = std::min(rows.nearest() + radius, rows.cells - 1);
        for (int y = first_y; y <= last_y; ++y) {
            const double dy = rows.offset(y);
            const std::size_t row = static_cast<std::size_t>(y) * static_cast<std::size_t>(columns.cells);
            for (int x = first_x; x <= last_x; ++x) {
                const double dx = columns.offset(x);
                cells_.push_back({dx * dx + dy * dy, row + static_cast<std::size_t>(x)});
            }
        }
    }

    std::vector<Cell> cells_;
};

class AtssMatcher {
public:
    AtssMatcher(const AnchorSet& anchors, const std::vector<Box>& truth, const AtssOptions& options)
        : anchors_(anchors), truth_(truth), top_k_(static_cast<std::size_t>(options.top_k)),
          ownership_(anchors.size(), truth.size()), iou_of_owner_(anchors.size(), 0.0F) {}

    Matches run() {
        for (std::size_t t = 0; t < truth_.size(); ++t) {
            if (!can_match(truth_[t])) continue;
            find_candidates(truth_[t]);
            claim(t);
        }
        for (std::size_t t = 0; t < truth_.size(); ++t) {
            if (can_match(truth_[t]) && ownership_.has_none(t)) rescue(t);
        }
        return std::move(ownership_.matches);
    }

private:
    void find_candidates(const Box& box) {
        candidates_.clear();
        const double x = (static_cast<double>(box.x0) + static_cast<double>(box.x1)) / 2;
        const double y = (static_cast<double>(box.y0) + static_cast<double>(box.y1)) / 2;
        for (const AnchorLevel& level : anchors_.levels) {
            for (const Cell& cell : nearest_cells_.find(level, x, y, top_k_)) {
                const std::size_t first = level.first + cell.index * anchors_.per_cell;
                for (std::size_t anchor = first; anchor < first + anchors_.per_cell; ++anchor) {
                    candidates_.push_back({anchor, cell.distance2, iou(anchors_.boxes[anchor], box)});
                }
            }
        }
    }

    /// Mean plus sample standard deviation of the candidates' IoU.
    double threshold() const {
        const auto count = static_cast<double>(candidates_.size());
        double sum = 0;
        for (const Candidate& candidate : candidates_) sum += static_cast<double>(candidate.iou);
        const double mean = sum / count;
        double squares = 0;
        for (const Candidate& candidate : candidates_) {
            const double deviation = static_cast<double>(candidate.iou) - mean;
            squares += deviation * deviation;
        }
        return count > 1 ? mean + std::sqrt(squares / (count - 1)) : mean;
    }

    void claim(std::size_t t) {
        const double least = threshold();
        for (const Candidate& candidate : candidates_) {
            const bool positive = static_cast<double>(candidate.iou) >= least && center_is_inside(candidate, truth_[t]);
            if (!positive || candidate.iou <= iou_of_owner_[candidate.anchor]) continue;
            iou_of_owner_[candidate.anchor] = candidate.iou;
            ownership_.give(candidate.anchor, static_cast<std::int32_t>(t));
        }
    }

    bool center_is_inside(const Candidate& candidate, const Box& box) const {
        const Box& anchor = anchors_.boxes[candidate.anchor];
        const float x = 0.5F * (anchor.x0 + anchor.x1);
        const float y = 0.5F * (anchor.y0 + anchor.y1);
        return box.x0 <= x && x < box.x1 && box.y0 <= y && y < box.y1;
    }

    void rescue(std::size_t t) {
        find_candidates(truth_[t]);
        std::sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
            if (a.iou != b.iou) return a.iou > b.iou;
            return a.distance2 != b.distance2 ? a.distance2 < b.distance2 : a.anchor < b.anchor;
        });
        auto found = std::find_if(candidates_.begin(), candidates_.end(),
                                  [this](const Candidate& candidate) { return ownership_.is_free(candidate.anchor); });
        if (found == candidates_.end()) {
            found = std::find_if(candidates_.begin(), candidates_.end(),
                                 [this](const Candidate& candidate) { return ownership_.can_spare(candidate.anchor); });
        }
        if (found != candidates_.end()) ownership_.give(found->anchor, static_cast<std::int32_t>(t));
    }

    const AnchorSet& anchors_;
    const std::vector<Box>& truth_;
    std::size_t top_k_;
    Ownership ownership_;
    std::vector<float> iou_of_owner_;
    NearestCells nearest_cells_;
    std::vector<Candidate> candidates_; ///< of the truth box at work
};

} // namespace

Matches match_atss(const AnchorSet& anchors, const std::vector<Box>& truth, const AtssOptions& options) {
    BANYAN_CHECK(1 <= options.top_k && options.top_k <= 100, "atss: expected top_k in [1, 100], found ", options.top_k);
    return AtssMatcher(anchors, truth, options).run();
}

} // namespace banyan
