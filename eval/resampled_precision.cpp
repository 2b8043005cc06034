#include "eval/resampled_precision.h"

#include <algorithm>
#include <limits>
#include <map>

namespace banyan {

namespace {

using Counts = ResampleLanes<std::int32_t>;

constexpr double kNoValue = -1;

void add(Counts& sums, const Counts& weights) {
    for (std::size_t lane = 0; lane < kResampleLanes; ++lane) sums[lane] += weights[lane];
}

/// [hits]: recall points reached by so many of `objects`. The first point, recall 0, is reached with the first hit; the
/// others as numpy.searchsorted sees them (coco_curves.cpp).
void append_point_table(std::int32_t objects, std::vector<std::uint8_t>& table) {
    std::size_t point = 1;
    table.push_back(0);
    for (std::int32_t hits = 1; hits <= objects; ++hits) {
        const double recall = static_cast<double>(hits) / static_cast<double>(objects);
        while (point < kCocoRecallPoints && static_cast<double>(point) * 0.01 <= recall) ++point;
        table.push_back(static_cast<std::uint8_t>(point));
    }
}

} // namespace

ResampledRecall::ResampledRecall(const CocoProblem& problem, std::size_t category) {
    std::map<std::uint32_t, std::int32_t> objects;
    for (const CocoAnnotation& annotation : problem.annotations) {
        const auto image = static_cast<std::size_t>(annotation.image);
        if (static_cast<std::size_t>(annotation.category) != category || annotation.crowd) continue;
        if (!kCocoAreaRange[0].contains(annotation.area)) continue;
        if (problem.judgement(image, category) == CocoJudgement::unknown) continue;
        ++objects[static_cast<std::uint32_t>(image)];
    }
    for (const auto& [image, count] : objects) images_.push_back({image, count});
}

void ResampledRecall::use(const ImageResamples& resamples) {
    objects_.fill(0);
    for (const ObjectCount& each : images_) {
        const Counts& weights = resamples.of(each.image);
        for (std::size_t lane = 0; lane < kResampleLanes; ++lane) objects_[lane] += weights[lane] * each.objects;
    }
    points_.clear();
    std::map<std::int32_t, std::size_t> tables;
    for (std::size_t lane = 0; lane < kResampleLanes; ++lane) {
        const auto [table, is_new] = tables.try_emplace(objects_[lane], points_.size());
        if (is_new) append_point_table(objects_[lane], points_);
        first_[lane] = table->second;
    }
}

ResampledPrecision::ResampledPrecision(const CocoProblem& problem, const CategoryMatches& matches) {
    for (const MatchedDetection& each : matches.detections) {
        const ThresholdMask hit = each.true_positive[0], miss = each.false_positive[0];
        if ((hit | miss) == 0) continue; // ignored at every threshold
        detections_.push_back({static_cast<std::uint32_t>(problem.detections[each.detection].image), hit, miss});
    }
}

ResampledValues ResampledPrecision::values(const ImageResamples& resamples, const ResampledRecall& recall) {
    ResampledValues result;
    sum_plain_misses(resamples);
    for (std::size_t threshold = 0; threshold < kCocoIouThresholds; ++threshold) {
        find_steps(resamples, threshold);
        const ResampleLanes<double> precision = mean_precision(resamples, recall);
        if (threshold == 0) result.ap50 = precision;
        for (std::size_t lane = 0; lane < kResampleLanes; ++lane) result.ap[lane] += precision[lane];
    }
    for (std::size_t lane = 0; lane < kResampleLanes; ++lane) {
        result.ap[lane] /= static_cast<double>(kCocoIouThresholds);
        if (recall.objects(lane) != 0) continue;
        result.ap[lane] = kNoValue;
        result.ap50[lane] = kNoValue;
    }
    return result;
}

void ResampledPrecision::sum_plain_misses(const ImageResamples& resamples) {
    plain_misses_.clear();
    Counts misses{};
    for (const Weighed& each : detections_) {
        if (each.miss == kAllThresholds) {
            add(misses, resamples.of(each.image));
        } else {
            plain_misses_.push_back(misses);
        }
    }
}

void ResampledPrecision::find_steps(const ImageResamples& resamples, std::size_t threshold) {
    const auto bit = static_cast<ThresholdMask>(1U << threshold);
    Counts hits{}, misses{};
    step_count_ = 0;
    std::size_t index = 0;
    for (const Weighed& each : detections_) {
        if (each.miss == kAllThresholds) continue;
        const Counts& plain = plain_misses_[index++];
        if ((each.miss & bit) != 0) add(misses, resamples.of(each.image));
        if ((each.hit & bit) == 0) continue;
        add(hits, resamples.of(each.image));
        if (step_count_ == steps_.size()) steps_.emplace_back();
        Step& step = steps_[step_count_++];
        step.image = each.image;
        step.hits = hits;
        for (std::size_t lane = 0; lane < kResampleLanes; ++lane) {
            const double all = static_cast<double>(plain[lane] + misses[lane] + hits[lane]);
            step.precision[lane] = static_cast<double>(hits[lane]) / (all + std::numeric_limits<double>::epsilon());
        }
    }
}

/// A step of weight 0 reaches no recall point, and its precision is not above that of the hit before it.
ResampleLanes<double> ResampledPrecision::mean_precision(const ImageResamples& resamples,
                                                         const ResampledRecall& recall) const {
    ResampleLanes<double> sum{}, envelope{};
    for (std::size_t i = step_count_; i > 0; --i) {
        const Step& step = steps_[i - 1];
        const Counts& weights = resamples.of(step.image);
        for (std::size_t lane = 0; lane < kResampleLanes; ++lane) {
            envelope[lane] = std::max(envelope[lane], step.precision[lane]);
            const int points =
                recall.points(lane, step.hits[lane]) - recall.points(lane, step.hits[lane] - weights[lane]);
            sum[lane] += envelope[lane] * points;
        }
    }
    for (double& each : sum) each /= static_cast<double>(kCocoRecallPoints);
    return sum;
}

} // namespace banyan
