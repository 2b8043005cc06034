#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/nms.h"
#include "data/sample.h"

namespace banyan {

/// A detection that was judged by labels.
struct JudgedScore {
    double score = 0;
    bool is_true = false;
};

/// What a detector says of one class, over pictures that label it.
struct JudgedClass {
    std::vector<JudgedScore> scores; ///< those in ignore regions, and unmatched ones of partial labels, are left out
    std::size_t objects = 0;         ///< labelled boxes
    std::size_t pictures = 0;        ///< that label the class
};

/// Matches the detections of one class in one picture with its labels, as COCO's metrics do: by falling score, the 100
/// best, each takes the labelled box left that it overlaps most, if by `iou` or more. A picture in which the class is
/// unknown adds nothing.
/// @param found any classes, in pixels of the picture  @param iou in (0, 1]
void judge_picture(const std::vector<ScoredBox>& found, const Labels& labels, int class_id, float iou,
                   JudgedClass& judged);

/// From `high` on a detection is taken for an object, from `low` on it may be one. low <= high.
struct ScoreThresholds {
    double low = 0, high = 0;
    bool operator==(const ScoreThresholds&) const = default;
};

/// Detections of at least a score, against the labels. All in [0, 1].
struct ScoreQuality {
    double precision = 0, recall = 0; ///< precision 0 without a detection, recall 0 without an object
};
ScoreQuality quality_from(const JudgedClass& judged, double score);

/// (1 + beta^2) P R / (beta^2 P + R), P = precision, R = recall of the detections from `score` on; 0 where none is
/// true.
/// @param beta > 0; below 1 precision counts more, above 1 recall
double f_score(const JudgedClass& judged, double score, double beta);

/// The score of a detection from which on F_beta is highest, of several the highest score; nothing where no detection
/// is true.
std::optional<double> best_score(const JudgedClass& judged, double beta);

/// high = best_score of beta_high, low = that of beta_low, but not above high.
std::optional<ScoreThresholds> choose_thresholds(const JudgedClass& judged, double beta_high, double beta_low);

/// Area below the precision-recall curve as COCO takes it: interpolated, at the recalls 0, 0.01 … 1. 0 without objects.
double average_precision(const JudgedClass& judged);

} // namespace banyan
