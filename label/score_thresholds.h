#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/nms.h"
#include "eval/coco_problem.h"

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
    double average_precision = 0;    ///< in [0, 1]; 0 without an object
};

/// Adds the boxes of a class that were found in a picture to those that are judged.
/// @param found any classes, in pixels of the picture  @param image index into problem.images
void add_found(const std::vector<ScoredBox>& found, int class_id, std::size_t image, CocoProblem& problem);

/// [class id] what was found of each class, matched with the labels as COCO's metrics do (eval/coco_metrics.h), at one
/// IoU instead of ten.
/// @param problem ground_truth_of the pictures, with detections  @param iou in (0, 1]. @throws as evaluate_coco
std::vector<JudgedClass> judge_classes(const CocoProblem& problem, double iou);

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

/// The score from which on F_beta is highest: the middle between the lowest score that is taken and the next lower one,
/// which tells more of other pictures than the score of one detection; without a lower one that score. Of several
/// best ones the highest; nothing where no detection is true.
std::optional<double> best_score(const JudgedClass& judged, double beta);

/// high = best_score of beta_high, low = that of beta_low, but not above high.
std::optional<ScoreThresholds> choose_thresholds(const JudgedClass& judged, double beta_high, double beta_low);

} // namespace banyan
