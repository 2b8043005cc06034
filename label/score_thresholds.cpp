#include "label/score_thresholds.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "core/check.h"
#include "eval/coco_metrics.h"
#include "eval/detection_verdicts.h"

namespace banyan {

namespace {

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

void add_found(const std::vector<ScoredBox>& found, int class_id, std::size_t image, CocoProblem& problem) {
    for (const ScoredBox& scored : found) {
        if (scored.class_id != class_id) continue;
        problem.detections.push_back(
            {static_cast<std::int32_t>(image), class_id, to_coco_box(scored.box), static_cast<double>(scored.score)});
    }
}

std::vector<JudgedClass> judge_classes(const CocoProblem& problem, double iou) {
    CocoOptions options;
    options.iou_thresholds.fill(iou);
    std::vector<JudgedClass> judged;
    for (const CocoClassResult& result : evaluate_coco(problem, options).per_class) {
        const CocoCounts& counts = result.counts;
        const double precision = std::max(result.stats[CocoStat::ap50], 0.0); // below 0: there is nothing to find
        judged.push_back({{}, counts.ground_truth, counts.images, precision});
    }
    const std::vector<DetectionVerdict> verdicts = judge_detections(problem, options);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        const bool is_true = verdicts[i] == DetectionVerdict::true_positive;
        if (!is_true && verdicts[i] != DetectionVerdict::false_positive) continue;
        const CocoDetection& found = problem.detections[i];
        judged[static_cast<std::size_t>(found.category)].scores.push_back({found.score, is_true});
    }
    return judged;
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
        const double score = sorted[i].score, next = i + 1 == sorted.size() ? score : sorted[i + 1].score;
        const bool is_last_of_score = i + 1 == sorted.size() || next < score;
        const double f = f_of(counts, judged.objects, beta);
        if (!is_last_of_score || f <= best_f) continue;
        const double middle = std::midpoint(next, score);
        best = middle > next ? middle : score; // between neighbouring numbers there is none
        best_f = f;
    }
    return best;
}

std::optional<ScoreThresholds> choose_thresholds(const JudgedClass& judged, double beta_high, double beta_low) {
    const std::optional<double> high = best_score(judged, beta_high), low = best_score(judged, beta_low);
    if (!high || !low) return std::nullopt;
    return ScoreThresholds{std::min(*low, *high), *high};
}

} // namespace banyan
