#include <algorithm>
#include <cmath>
#include <utility>

#include "anchors/matcher.h"
#include "anchors/ownership.h"
#include "core/check.h"

namespace banyan {

namespace {

/// The anchors of one level and one place in the cell: a grid of equal sizes, so that the overlap with a box is a
/// product of one number a column and one a row.
struct Slot {
    const AnchorLevel* level = nullptr;
    std::size_t offset = 0; ///< place in the cell
    double bound = 0;       ///< no anchor of the slot has a higher IoU with the box at work
};

/// Common length with the box and own length of the anchors of one column or row.
struct Span {
    int cell = 0;
    double common = 0;
    double own = 0;
};

double side(float low, float high) { return static_cast<double>(high) - static_cast<double>(low); }

/// First and last cell whose anchors of length `own` can meet [low, high]; one more at both ends for rounding.
std::pair<int, int> touching_cells(float low, float high, double own, int stride, int cells) {
    const double last_cell = cells - 1;
    const double first = std::floor((static_cast<double>(low) - own / 2) / stride - 0.5);
    const double last = std::ceil((static_cast<double>(high) + own / 2) / stride - 0.5);
    return {static_cast<int>(std::clamp(first, 0.0, last_cell)), static_cast<int>(std::clamp(last, 0.0, last_cell))};
}

/// Calls visit(anchor, iou) for the anchors that meet a box, slot by slot, the likeliest first. The IoU is iou()'s.
class TouchingAnchors {
public:
    explicit TouchingAnchors(const AnchorSet& anchors) : anchors_(anchors) {
        for (const AnchorLevel& level : anchors.levels) {
            for (std::size_t a = 0; a < anchors.per_cell; ++a) slots_.push_back({&level, a, 0});
        }
    }

    /// @param enough slots without an IoU of at least enough() are left out; asked again before each slot
    template <typename Enough, typename Visit>
    void visit(const Box& box, Enough enough, Visit visit) {
        for (Slot& slot : slots_) slot.bound = bound(slot, box);
        std::stable_sort(slots_.begin(), slots_.end(), [](const Slot& a, const Slot& b) { return a.bound > b.bound; });
        for (const Slot& slot : slots_) {
            if (slot.bound < static_cast<double>(enough())) break;
            visit_slot(slot, box, visit);
        }
    }

private:
    const Box& first_box(const Slot& slot) const { return anchors_.boxes[slot.level->first + slot.offset]; }

    /// IoU if both had one centre, and a little for rounding.
    double bound(const Slot& slot, const Box& box) const {
        constexpr double kSlack = 1.001;
        const Box& anchor = first_box(slot);
        const double anchor_width = side(anchor.x0, anchor.x1);
        const double anchor_height = side(anchor.y0, anchor.y1);
        const double width = side(box.x0, box.x1);
        const double height = side(box.y0, box.y1);
        const double common = std::min(anchor_width, width) * std::min(anchor_height, height);
        return kSlack * common / (anchor_width * anchor_height + width * height - common);
    }

    std::size_t index(const Slot& slot, int y, int x) const {
        const auto row = static_cast<std::size_t>(y) * static_cast<std::size_t>(slot.level->width);
        return slot.level->first + (row + static_cast<std::size_t>(x)) * anchors_.per_cell + slot.offset;
    }

    void find_spans(const Slot& slot, const Box& box) {
        columns_.clear();
        rows_.clear();
        const AnchorLevel& level = *slot.level;
        const Box& sample = first_box(slot);
        const auto [x0, x1] = touching_cells(box.x0, box.x1, side(sample.x0, sample.x1), level.stride, level.width);
        for (int x = x0; x <= x1; ++x) {
            const Box& anchor = anchors_.boxes[index(slot, 0, x)];
            const double common = side(std::max(anchor.x0, box.x0), std::min(anchor.x1, box.x1));
            if (common > 0) columns_.push_back({x, common, side(anchor.x0, anchor.x1)});
        }
        const auto [y0, y1] = touching_cells(box.y0, box.y1, side(sample.y0, sample.y1), level.stride, level.height);
        for (int y = y0; y <= y1; ++y) {
            const Box& anchor = anchors_.boxes[index(slot, y, 0)];
            const double common = side(std::max(anchor.y0, box.y0), std::min(anchor.y1, box.y1));
            if (common > 0) rows_.push_back({y, common, side(anchor.y0, anchor.y1)});
        }
    }

    template <typename Visit>
    void visit_slot(const Slot& slot, const Box& box, Visit& visit) {
        find_spans(slot, box);
        const double area = side(box.x0, box.x1) * side(box.y0, box.y1);
        for (const Span& row : rows_) {
            for (const Span& column : columns_) {
                const double common = row.common * column.common;
                const double together = row.own * column.own + area - common;
                visit(index(slot, row.cell, column.cell), static_cast<float>(std::min(common / together, 1.0)));
            }
        }
    }

    const AnchorSet& anchors_;
    std::vector<Slot> slots_;
    std::vector<Span> columns_, rows_;
};

class MaxIouMatcher {
public:
    MaxIouMatcher(const AnchorSet& anchors, const std::vector<Box>& truth, const MaxIouOptions& options)
        : truth_(truth), options_(options), touching_(anchors), best_(anchors.size()),
          ownership_(anchors.size(), truth.size()) {}

    Matches run() {
        for (std::size_t t = 0; t < truth_.size(); ++t) {
            if (can_match(truth_[t])) look_at(t);
        }
        classify();
        if (options_.force_best) {
            force();
            for (std::size_t t = 0; t < truth_.size(); ++t) {
                if (can_match(truth_[t]) && ownership_.has_none(t)) rescue(t);
            }
        }
        return std::move(ownership_.matches);
    }

private:
    struct Best {
        float iou = 0;
        std::int32_t truth = kUnmatched;
    };
    struct Wish {
        std::size_t anchor = 0;
        std::int32_t truth = 0;
        float iou = 0;
    };

    /// Best truth box of each anchor, and the best anchors of truth box t.
    void look_at(std::size_t t) {
        const auto truth = static_cast<std::int32_t>(t);
        const std::size_t first_wish = wishes_.size();
        float best_of_truth = 0;
        // IoU below negative_iou never decides a match, except as the best of its truth box.
        const auto enough = [&] {
            return options_.force_best ? std::min(options_.negative_iou, best_of_truth) : options_.negative_iou;
        };
        touching_.visit(truth_[t], enough, [&](std::size_t anchor, float iou) {
            if (iou > best_[anchor].iou) best_[anchor] = {iou, truth};
            if (iou < best_of_truth) return;
            if (iou > best_of_truth) wishes_.resize(first_wish);
            best_of_truth = iou;
            if (iou > 0) wishes_.push_back({anchor, truth, iou});
        });
    }

    void classify() {
        for (std::size_t anchor = 0; anchor < best_.size(); ++anchor) {
            const Best& best = best_[anchor];
            if (best.truth == kUnmatched || best.iou < options_.negative_iou) continue;
            if (best.iou >= options_.positive_iou) {
                ownership_.give(anchor, best.truth);
            } else {
                ownership_.matches[anchor] = kBetween;
            }
        }
    }

    /// The highest wish comes last; of equal ones, that of the lowest truth box.
    void force() {
        std::stable_sort(wishes_.begin(), wishes_.end(), [](const Wish& a, const Wish& b) {
            return a.iou != b.iou ? a.iou < b.iou : a.truth > b.truth;
        });
        for (const Wish& wish : wishes_) ownership_.give(wish.anchor, wish.truth);
    }

    void rescue(std::size_t t) {
        Wish found;
        const auto better = [&found](float iou, std::size_t anchor) {
            return iou > found.iou || (iou == found.iou && anchor < found.anchor);
        };
        for (const bool free_only : {true, false}) {
            touching_.visit(
                truth_[t], [&] { return found.iou; },
                [&](std::size_t anchor, float iou) {
                    const bool open = free_only ? ownership_.is_free(anchor) : ownership_.can_spare(anchor);
                    if (open && better(iou, anchor)) found = {anchor, static_cast<std::int32_t>(t), iou};
                });
            if (found.iou > 0) return ownership_.give(found.anchor, found.truth);
        }
    }

    const std::vector<Box>& truth_;
    MaxIouOptions options_;
    TouchingAnchors touching_;
    std::vector<Best> best_;
    std::vector<Wish> wishes_;
    Ownership ownership_;
};

} // namespace

Matches match_max_iou(const AnchorSet& anchors, const std::vector<Box>& truth, const MaxIouOptions& options) {
    BANYAN_CHECK(0 < options.positive_iou && options.positive_iou <= 1,
                 "max_iou: expected positive_iou in (0, 1], found ", options.positive_iou);
    BANYAN_CHECK(0 <= options.negative_iou && options.negative_iou <= options.positive_iou,
                 "max_iou: expected negative_iou in [0, ", options.positive_iou, "], found ", options.negative_iou);
    return MaxIouMatcher(anchors, truth, options).run();
}

} // namespace banyan
