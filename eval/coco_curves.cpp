#include "eval/coco_curves.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace banyan {

namespace {

using PrecisionCurve = std::array<double, kCocoRecallPoints>;

constexpr double kNoValue = -1;
constexpr std::size_t kThreshold75 = 5;

/// A detection that differs between the IoU thresholds, or is a true positive at some.
struct Event {
    ThresholdMask true_positive;
    ThresholdMask false_positive;
    std::uint32_t plain_false_positives; // detections before it that are false at every threshold
    double score;
};

std::vector<Event> collect_events(const std::vector<MatchedDetection>& detections, std::size_t area) {
    std::vector<Event> events;
    std::uint32_t plain = 0;
    for (const MatchedDetection& detection : detections) {
        const ThresholdMask hit = detection.true_positive[area];
        const ThresholdMask miss = detection.false_positive[area];
        if (miss == kAllThresholds)
            ++plain;
        else if ((hit | miss) != 0)
            events.push_back({hit, miss, plain, detection.score});
    }
    return events;
}

/// True positives that the recall points ask for: the smallest count with count / ground_truth >= recall, by the same
/// division as numpy.searchsorted sees it. Recall 0 is reached by the first detection; the precision there is the
/// best of all, which a true positive has.
std::array<std::size_t, kCocoRecallPoints> counts_for_recalls(std::size_t ground_truth) {
    std::array<std::size_t, kCocoRecallPoints> counts{};
    std::size_t count = 1;
    for (std::size_t point = 0; point < kCocoRecallPoints; ++point) {
        const double recall = static_cast<double>(point) * 0.01; // numpy.linspace(0, 1, 101)
        while (static_cast<double>(count) / static_cast<double>(ground_truth) < recall) ++count;
        counts[point] = count;
    }
    return counts;
}

/// One curve: precision at each true positive, then its running maximum from the end.
class CurveBuilder {
public:
    void build(const std::vector<Event>& events, std::size_t threshold) {
        const auto bit = static_cast<ThresholdMask>(1U << threshold);
        precision_.clear();
        scores_.clear();
        double misses = 0;
        double hits = 0;
        for (const Event& event : events) {
            if ((event.false_positive & bit) != 0) ++misses;
            if ((event.true_positive & bit) == 0) continue;
            ++hits;
            precision_.push_back(
                hits / (misses + event.plain_false_positives + hits + std::numeric_limits<double>::epsilon()));
            scores_.push_back(event.score);
        }
        for (std::size_t i = precision_.size(); i > 1; --i) {
            precision_[i - 2] = std::max(precision_[i - 2], precision_[i - 1]);
        }
    }

    std::size_t true_positives() const { return precision_.size(); }
    double precision_at(std::size_t count) const { return count <= precision_.size() ? precision_[count - 1] : 0; }
    double score_at(std::size_t count) const { return count <= scores_.size() ? scores_[count - 1] : 0; }

private:
    std::vector<double> precision_; // [true positives]
    std::vector<double> scores_;    // [true positives]
};

/// What one area range gives: mean over the recall points per IoU threshold, and the final recall.
struct AreaSummary {
    std::array<double, kCocoIouThresholds> precision{};
    std::array<double, kCocoIouThresholds> recall{};
};

template <std::size_t N>
double mean(const std::array<double, N>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(N);
}

/// Curve at IoU 0.5 over all areas, for plots. At recall 0 the score is that of the first detection, whatever it is.
void keep_curve(const CurveBuilder& curve, const std::array<std::size_t, kCocoRecallPoints>& counts,
                const CategoryMatches& matches, CocoClassResult& result) {
    for (std::size_t point = 0; point < kCocoRecallPoints; ++point) {
        result.precision_at_50[point] = curve.precision_at(counts[point]);
        result.score_at_50[point] = curve.score_at(counts[point]);
    }
    result.score_at_50[0] = matches.detections.empty() ? 0 : matches.detections.front().score;
}

AreaSummary summarize_area(const CategoryMatches& matches, std::size_t area, CocoClassResult& result) {
    const std::vector<Event> events = collect_events(matches.detections, area);
    const auto counts = counts_for_recalls(matches.ground_truth[area]);
    AreaSummary summary;
    CurveBuilder curve;
    for (std::size_t threshold = 0; threshold < kCocoIouThresholds; ++threshold) {
        curve.build(events, threshold);
        PrecisionCurve precision;
        for (std::size_t point = 0; point < kCocoRecallPoints; ++point) {
            precision[point] = curve.precision_at(counts[point]);
        }
        summary.precision[threshold] = mean(precision);
        summary.recall[threshold] =
            static_cast<double>(curve.true_positives()) / static_cast<double>(matches.ground_truth[area]);
        if (area == 0 && threshold == 0) keep_curve(curve, counts, matches, result);
    }
    return summary;
}

/// Mean recall over the thresholds when only the first `max_detections` of an image count; all areas.
double recall_of_first(const CategoryMatches& matches, std::size_t max_detections) {
    std::array<std::size_t, kCocoIouThresholds> hits{};
    for (const MatchedDetection& detection : matches.detections) {
        if (detection.rank >= max_detections) continue;
        for (unsigned mask = detection.true_positive[0], t = 0; mask != 0; mask >>= 1U, ++t) hits[t] += mask & 1U;
    }
    std::array<double, kCocoIouThresholds> recall{};
    for (std::size_t t = 0; t < kCocoIouThresholds; ++t) {
        recall[t] = static_cast<double>(hits[t]) / static_cast<double>(matches.ground_truth[0]);
    }
    return mean(recall);
}

void count_at_50(const CategoryMatches& matches, CocoCounts& counts) {
    counts = matches.counts;
    for (const MatchedDetection& detection : matches.detections) {
        const bool hit = (detection.true_positive[0] & 1U) != 0;
        const bool miss = (detection.false_positive[0] & 1U) != 0;
        counts.true_positives_50 += hit;
        counts.false_positives_50 += miss;
        counts.ignored_50 += !hit && !miss;
    }
}

} // namespace

void accumulate_category(const CategoryMatches& matches, const CocoOptions& options, CocoClassResult& result) {
    count_at_50(matches, result.counts);
    result.stats.values.fill(kNoValue);
    result.precision_at_50.fill(kNoValue);
    result.score_at_50.fill(kNoValue);

    const auto set = [&result](CocoStat stat, double value) {
        result.stats.values[static_cast<std::size_t>(stat)] = value;
    };
    constexpr std::array kPrecision = {CocoStat::ap, CocoStat::ap_small, CocoStat::ap_medium, CocoStat::ap_large};
    constexpr std::array kRecall = {CocoStat::ar100, CocoStat::ar_small, CocoStat::ar_medium, CocoStat::ar_large};
    for (std::size_t area = 0; area < kCocoAreas; ++area) {
        if (matches.ground_truth[area] == 0) continue;
        const AreaSummary summary = summarize_area(matches, area, result);
        set(kPrecision[area], mean(summary.precision));
        set(kRecall[area], mean(summary.recall));
        if (area != 0) continue;
        set(CocoStat::ap50, summary.precision[0]);
        set(CocoStat::ap75, summary.precision[kThreshold75]);
        set(CocoStat::ar1, recall_of_first(matches, options.max_detections[0]));
        set(CocoStat::ar10, recall_of_first(matches, options.max_detections[1]));
    }
}

CocoStats average_stats(const std::vector<CocoClassResult>& per_class) {
    CocoStats average;
    for (std::size_t stat = 0; stat < kCocoStats; ++stat) {
        double sum = 0;
        std::size_t count = 0;
        for (const CocoClassResult& each : per_class) {
            if (each.stats.values[stat] == kNoValue) continue;
            sum += each.stats.values[stat];
            ++count;
        }
        average.values[stat] = count == 0 ? kNoValue : sum / static_cast<double>(count);
    }
    return average;
}

} // namespace banyan
