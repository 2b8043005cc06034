#include "anchors/predicted_matcher.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "anchors/ownership.h"
#include "core/check.h"

namespace banyan {

namespace {

/// Cells [first, last) of one axis of a level.
struct CellRange {
    int first = 0, last = 0;
};

/// Cells whose centre (i + 0.5) * stride lies in [low, high).
CellRange cells_between(float low, float high, int stride, int cells) {
    const auto first_at_or_after = [&](float place) {
        const double cell = std::ceil(static_cast<double>(place) / stride - 0.5);
        return static_cast<int>(std::clamp(cell, 0.0, static_cast<double>(cells)));
    };
    return {first_at_or_after(low), first_at_or_after(high)};
}

/// The cell that holds `place`, or the one at the edge.
int nearest_cell(double place, int stride, int cells) {
    return static_cast<int>(std::clamp(std::floor(place / stride), 0.0, static_cast<double>(cells - 1)));
}

class CandidateSearch {
public:
    CandidateSearch(const AnchorSet& anchors, std::vector<MatchCandidate>& found) : anchors_(anchors), found_(found) {}

    void add_box(std::int32_t truth, const Box& box) {
        truth_ = truth;
        x_ = (static_cast<double>(box.x0) + static_cast<double>(box.x1)) / 2;
        y_ = (static_cast<double>(box.y0) + static_cast<double>(box.y1)) / 2;
        for (const AnchorLevel& level : anchors_.levels) add_level(level, box);
    }

private:
    void add_level(const AnchorLevel& level, const Box& box) {
        const CellRange rows = cells_between(box.y0, box.y1, level.stride, level.height);
        const CellRange columns = cells_between(box.x0, box.x1, level.stride, level.width);
        for (int y = rows.first; y < rows.last; ++y) {
            for (int x = columns.first; x < columns.last; ++x) add_cell(level, y, x, true);
        }
        if (rows.first < rows.last && columns.first < columns.last) return; // the nearest cell is among them
        add_cell(level, nearest_cell(y_, level.stride, level.height), nearest_cell(x_, level.stride, level.width),
                 false);
    }

    void add_cell(const AnchorLevel& level, int y, int x, bool inside) {
        const double dx = (x + 0.5) * level.stride - x_, dy = (y + 0.5) * level.stride - y_;
        const auto cell =
            static_cast<std::size_t>(y) * static_cast<std::size_t>(level.width) + static_cast<std::size_t>(x);
        const std::size_t first = level.first + cell * anchors_.per_cell;
        for (std::size_t a = 0; a < anchors_.per_cell; ++a) {
            found_.push_back({truth_, first + a, static_cast<float>(dx * dx + dy * dy), inside, 0, 0});
        }
    }

    const AnchorSet& anchors_;
    std::vector<MatchCandidate>& found_;
    std::int32_t truth_ = 0;
    double x_ = 0, y_ = 0; ///< centre of the box
};

} // namespace

std::vector<MatchCandidate> find_match_candidates(const AnchorSet& anchors, const std::vector<Box>& truth) {
    std::vector<MatchCandidate> found;
    CandidateSearch search(anchors, found);
    for (std::size_t t = 0; t < truth.size(); ++t) {
        if (can_match(truth[t])) search.add_box(static_cast<std::int32_t>(t), truth[t]);
    }
    return found;
}

namespace {

constexpr double kSmallest = 1e-9; // keeps logarithms finite

double or_zero(float value) { return std::isnan(value) ? 0.0 : static_cast<double>(value); }

/// How good a candidate is; higher is better.
double rank_of(const MatchCandidate& candidate, const MatcherOptions& options) {
    const double score = or_zero(candidate.score), iou = or_zero(candidate.iou);
    if (options.kind == MatcherKind::tal) return std::pow(score, options.tal.alpha) * std::pow(iou, options.tal.beta);
    return std::log(std::max(score, kSmallest)) + options.simota.iou_weight * std::log(std::max(iou, kSmallest));
}

void check(const MatcherOptions& options) {
    BANYAN_CHECK(needs_predictions(options), "match_predicted: expected the matcher tal or simota");
    const TalOptions& tal = options.tal;
    BANYAN_CHECK(1 <= tal.top_k && tal.top_k <= 100, "tal: expected top_k in [1, 100], found ", tal.top_k);
    BANYAN_CHECK(0 <= tal.alpha && tal.alpha <= 10 && 0 <= tal.beta && tal.beta <= 10,
                 "tal: expected alpha and beta in [0, 10], found ", tal.alpha, " and ", tal.beta);
    const SimOtaOptions& simota = options.simota;
    BANYAN_CHECK(1 <= simota.top_k && simota.top_k <= 100, "simota: expected top_k in [1, 100], found ", simota.top_k);
    BANYAN_CHECK(0 <= simota.iou_weight && simota.iou_weight <= 100, "simota: expected iou_weight in [0, 100], found ",
                 simota.iou_weight);
}

class PredictedMatcher {
public:
    PredictedMatcher(std::size_t anchors, std::size_t truth, const std::vector<MatchCandidate>& candidates,
                     const MatcherOptions& options)
        : candidates_(candidates), options_(options), truth_(truth), ownership_(anchors, truth),
          owner_(anchors, kNone) {
        for (const MatchCandidate& candidate : candidates) {
            BANYAN_CHECK(candidate.anchor < anchors && candidate.truth >= 0 &&
                             static_cast<std::size_t>(candidate.truth) < truth,
                         "match_predicted: candidate of box ", candidate.truth, " and anchor ", candidate.anchor,
                         " of ", truth, " and ", anchors);
            rank_.push_back(rank_of(candidate, options));
        }
    }

    PredictedMatches run() {
        for_each_box(&PredictedMatcher::claim);
        for_each_box(&PredictedMatcher::rescue);
        return {std::move(ownership_.matches), qualities()};
    }

private:
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
    using Order = std::vector<std::size_t>; ///< indices of candidates of one box

    void for_each_box(void (PredictedMatcher::*act)(Order)) {
        for (std::size_t first = 0, last = 0; first < candidates_.size(); first = last) {
            while (last < candidates_.size() && candidates_[last].truth == candidates_[first].truth) ++last;
            Order order(last - first);
            std::iota(order.begin(), order.end(), first);
            (this->*act)(std::move(order));
        }
    }

    bool is_better(std::size_t a, std::size_t b) const {
        if (rank_[a] != rank_[b]) return rank_[a] > rank_[b];
        if (candidates_[a].distance2 != candidates_[b].distance2) {
            return candidates_[a].distance2 < candidates_[b].distance2;
        }
        return candidates_[a].anchor < candidates_[b].anchor;
    }

    /// What an anchor claimed by several boxes goes by: "TOOD" the IoU, SimOTA the cost.
    double claim_of(std::size_t candidate) const {
        return options_.kind == MatcherKind::tal ? or_zero(candidates_[candidate].iou) : rank_[candidate];
    }

    /// Anchors that a box asks for.
    std::size_t wanted(const Order& inside) const {
        if (options_.kind == MatcherKind::tal) return static_cast<std::size_t>(options_.tal.top_k);
        std::vector<double> ious;
        for (const std::size_t candidate : inside) ious.push_back(or_zero(candidates_[candidate].iou));
        const std::size_t count = std::min(static_cast<std::size_t>(options_.simota.top_k), ious.size());
        std::partial_sort(ious.begin(), ious.begin() + static_cast<std::ptrdiff_t>(count), ious.end(),
                          std::greater<>());
        const double sum = std::accumulate(ious.begin(), ious.begin() + static_cast<std::ptrdiff_t>(count), 0.0);
        return std::max<std::size_t>(1, static_cast<std::size_t>(sum));
    }

    void claim(Order order) {
        std::erase_if(order, [this](std::size_t candidate) {
            const bool overlaps = or_zero(candidates_[candidate].iou) > 0;
            return !candidates_[candidate].inside || !overlaps;
        });
        const std::size_t count = std::min(wanted(order), order.size());
        std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                          [this](std::size_t a, std::size_t b) { return is_better(a, b); });
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t anchor = candidates_[order[i]].anchor;
            if (owner_[anchor] == kNone || claim_of(order[i]) > claim_of(owner_[anchor])) give(order[i]);
        }
    }

    void rescue(Order order) {
        if (!ownership_.has_none(static_cast<std::size_t>(candidates_[order.front()].truth))) return;
        std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) { return is_better(a, b); });
        auto found = std::find_if(order.begin(), order.end(), [this](std::size_t candidate) {
            return ownership_.is_free(candidates_[candidate].anchor);
        });
        if (found == order.end()) {
            found = std::find_if(order.begin(), order.end(), [this](std::size_t candidate) {
                return ownership_.can_spare(candidates_[candidate].anchor);
            });
        }
        if (found != order.end()) give(*found);
    }

    void give(std::size_t candidate) {
        owner_[candidates_[candidate].anchor] = candidate;
        ownership_.give(candidates_[candidate].anchor, candidates_[candidate].truth);
    }

    /// TAL: alignment scaled so that a box's best anchor has its best IoU ("TOOD", 3.2.1). SimOTA: the IoU.
    std::vector<float> qualities() const {
        std::vector<float> quality(owner_.size(), 0.0F);
        std::vector<double> best_rank(truth_, 0), best_iou(truth_, 0);
        for (const std::size_t candidate : owner_) {
            if (candidate == kNone) continue;
            const auto truth = static_cast<std::size_t>(candidates_[candidate].truth);
            best_rank[truth] = std::max(best_rank[truth], rank_[candidate]);
            best_iou[truth] = std::max(best_iou[truth], or_zero(candidates_[candidate].iou));
        }
        for (std::size_t anchor = 0; anchor < owner_.size(); ++anchor) {
            const std::size_t candidate = owner_[anchor];
            if (candidate == kNone) continue;
            const auto truth = static_cast<std::size_t>(candidates_[candidate].truth);
            const bool aligned = options_.kind == MatcherKind::tal && best_rank[truth] > 0;
            quality[anchor] = static_cast<float>(aligned ? rank_[candidate] / best_rank[truth] * best_iou[truth]
                                                         : or_zero(candidates_[candidate].iou));
        }
        return quality;
    }

    const std::vector<MatchCandidate>& candidates_;
    const MatcherOptions& options_;
    std::size_t truth_;
    std::vector<double> rank_; ///< of each candidate
    Ownership ownership_;
    std::vector<std::size_t> owner_; ///< [R] candidate by which the anchor is held, or kNone
};

} // namespace

PredictedMatches match_predicted(std::size_t anchors, std::size_t truth, const std::vector<MatchCandidate>& candidates,
                                 const MatcherOptions& options) {
    check(options);
    return PredictedMatcher(anchors, truth, candidates, options).run();
}

} // namespace banyan
