#include "label/score_thresholds.h"

#include <algorithm>
#include <utility>

#include "core/box.h"
#include "core/check.h"
#include "label/ignored_boxes.h"

namespace banyan {

namespace {

constexpr std::size_t kMostDetections = 100;

std::vector<ScoredBox> best_of_class(const std::vector<ScoredBox>& found, int class_id) {
    std::vector<ScoredBox> best;
    for (const ScoredBox& scored : found) {
        if (scored.class_id == class_id) best.push_back(scored);
    }
    std::stable_sort(best.begin(), best.end(),
                     [](const ScoredBox& a, const ScoredBox& b) { return a.score > b.score; });
    if (best.size() > kMostDetections) best.resize(kMostDetections);
    return best;
}

/// Takes the box that is overlapped most out of those left.
bool take_match(const Box& box, float least_iou, std::vector<Box>& left) {
    std::size_t best = left.size();
    float best_iou = least_iou;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const float overlap = iou(box, left[i]);
        if (overlap < best_iou || (best < left.size() && overlap <= best_iou)) continue;
        best = i;
        best_iou = overlap;
    }
    if (best == left.size()) return false;
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
    return true;
}

std::vector<JudgedScore> by_falling_score(const JudgedClass& judged) {
    std::vector<JudgedScore> sorted = judged.scores;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const JudgedScore& a, const JudgedScore& b) { return a.score > b.score; });
    return sorted;
}

struct Counts {
    std::size_t true_ones = 0, all = 0;
    void add(const JudgedScore& judged) {
        true_ones += judged.is_true ? 1 : 0;
        ++all;
    }
};

Counts counts_from(const JudgedClass& judged, double score) {
    Counts counts;
    for (const JudgedScore& each : judged.scores) {
        if (each.score >= score) counts.add(each);
    }
    return counts;
}

/// The formula of f_score with counts put in: P = true / all, R = true / objects.
double f_of(const Counts& counts, std::size_t objects, double beta) {
    if (counts.true_ones == 0) return 0;
    const double weight = beta * beta, found = static_cast<double>(counts.true_ones);
    return (1 + weight) * found / (weight * static_cast<double>(objects) + static_cast<double>(counts.all));
}

} // namespace

void judge_picture(const std::vector<ScoredBox>& found, const Labels& labels, int class_id, float iou,
                   JudgedClass& judged) {
    BANYAN_CHECK(iou > 0 && iou <= 1, "judge_picture: IoU ", iou, " is not in (0, 1]");
    const LabelState state = labels.states.at(static_cast<std::size_t>(class_id));
    if (state == LabelState::unknown) return;
    std::vector<Box> left;
    for (const LabelledBox& labelled : labels.boxes) {
        if (labelled.class_id == class_id) left.push_back(labelled.box);
    }
    ++judged.pictures;
    judged.objects += left.size();
    for (const ScoredBox& scored : best_of_class(found, class_id)) {
        const bool is_true = take_match(scored.box, iou, left);
        if (!is_true && (state == LabelState::partial || is_ignored(scored.box, labels, class_id, iou))) continue;
        judged.scores.push_back({static_cast<double>(scored.score), is_true});
    }
}

ScoreQuality quality_from(const JudgedClass& judged, double score) {
    const Counts counts = counts_from(judged, score);
    const auto share = [&](std::size_t of) {
        return of == 0 ? 0.0 : static_cast<double>(counts.true_ones) / static_cast<double>(of);
    };
    return {share(counts.all), share(judged.objects)};
}

double f_score(const JudgedClass& judged, double score, double beta) {
    BANYAN_CHECK(beta > 0, "f_score: beta ", beta, " is not > 0");
    return f_of(counts_from(judged, score), judged.objects, beta);
}

std::optional<double> best_score(const JudgedClass& judged, double beta) {
    BANYAN_CHECK(beta > 0, "best_score: beta ", beta, " is not > 0");
    const std::vector<JudgedScore> sorted = by_falling_score(judged);
    std::optional<double> best;
    double best_f = 0;
    Counts counts;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        counts.add(sorted[i]);
        const bool is_last_of_score = i + 1 == sorted.size() || sorted[i + 1].score < sorted[i].score;
        const double f = f_of(counts, judged.objects, beta);
        if (!is_last_of_score || f <= best_f) continue;
        best = sorted[i].score;
        best_f = f;
    }
    return best;
}

std::optional<ScoreThresholds> choose_thresholds(const JudgedClass& judged, double beta_high, double beta_low) {
    const std::optional<double> high = best_score(judged, beta_high), low = best_score(judged, beta_low);
    if (!high || !low) return std::nullopt;
    return ScoreThresholds{std::min(*low, *high), *high};
}

double average_precision(const JudgedClass& judged) {
    if (judged.objects == 0) return 0;
    std::vector<std::pair<double, double>> curve; // recall, precision
    Counts counts;
    for (const JudgedScore& each : by_falling_score(judged)) {
        counts.add(each);
        curve.emplace_back(static_cast<double>(counts.true_ones) / static_cast<double>(judged.objects),
                           static_cast<double>(counts.true_ones) / static_cast<double>(counts.all));
    }
    for (std::size_t i = curve.size(); i-- > 1;) {
        curve[i - 1].second = std::max(curve[i - 1].second, curve[i].second);
    }
    constexpr int kSteps = 100;
    double sum = 0;
    auto at = curve.begin();
    for (int step = 0; step <= kSteps; ++step) {
        while (at != curve.end() && at->first < static_cast<double>(step) / kSteps) ++at;
        if (at == curve.end()) break;
        sum += at->second;
    }
    return sum / (kSteps + 1);
}

} // namespace banyan
