#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "eval/coco_problem.h"
#include "eval/coco_thresholds.h"

namespace banyan {

inline constexpr std::size_t kCocoStats = 12;
inline constexpr std::size_t kCocoRecallPoints = 101;

/// The 12 numbers in pycocotools' order; also the keys of the JSON report.
inline constexpr std::array<const char*, kCocoStats> kCocoStatNames = {
    "ap",  "ap50", "ap75",  "ap_small", "ap_medium", "ap_large",
    "ar1", "ar10", "ar100", "ar_small", "ar_medium", "ar_large"};

enum class CocoStat : std::size_t {
    ap,
    ap50,
    ap75,
    ap_small,
    ap_medium,
    ap_large,
    ar1,
    ar10,
    ar100,
    ar_small,
    ar_medium,
    ar_large
};

/// Each in [0, 1], or -1 where there is no ground truth to judge by (pycocotools' convention).
struct CocoStats {
    std::array<double, kCocoStats> values{};

    double operator[](CocoStat stat) const { return values[static_cast<std::size_t>(stat)]; }
};

struct CocoOptions {
    /// Detections kept per image and category, by score, for ar1, ar10 and ar100; everything else uses the last.
    /// Rising and positive.
    std::array<std::size_t, 3> max_detections = {1, 10, 100};
    /// Overlaps from which on a detection has found an object. What is named after IoU 0.5 goes by the first, what is
    /// named after 0.75 by the sixth. In (0, 1], none below the one before.
    std::array<double, kCocoIouThresholds> iou_thresholds = kCocoIouThreshold;
};

/// Tallies over all areas, at the last of max_detections. "at 50": at the IoU threshold 0.5.
struct CocoCounts {
    std::size_t images = 0;         ///< judged or partial for this category
    std::size_t ground_truth = 0;   ///< annotations that can be found: no crowds
    std::size_t ignore_regions = 0; ///< crowd annotations
    std::size_t detections = 0;     ///< in those images, after the cut at max_detections
    std::size_t true_positives_50 = 0;
    std::size_t false_positives_50 = 0;
    std::size_t ignored_50 = 0;           ///< detections in a crowd, or unmatched where the labels are partial
    std::size_t unjudged_detections = 0;  ///< in images that do not label the category; in no other tally
    std::size_t unjudged_annotations = 0; ///< likewise
};

struct CocoClassResult {
    std::string name;
    std::int64_t id = 0;
    CocoStats stats; ///< as pycocotools' means over this category's part of `precision` and `recall`
    CocoCounts counts;
    /// Interpolated precision at recall 0, 0.01 … 1 (IoU 0.5, all areas), 0 beyond the recall reached; all -1 without
    /// ground truth. `score_at_50` is the score of the detection that reaches the recall.
    std::array<double, kCocoRecallPoints> precision_at_50{};
    std::array<double, kCocoRecallPoints> score_at_50{};
};

struct CocoSeconds {
    double load = 0;       ///< reading the files
    double match = 0;      ///< checking, sorting, IoU, matching
    double accumulate = 0; ///< precision and recall
};

struct CocoResult {
    CocoStats stats;                        ///< means over the categories that have ground truth
    std::vector<CocoClassResult> per_class; ///< in the order of CocoProblem::categories
    std::size_t unknown_category_detections = 0;
    std::size_t zero_id_annotations = 0; ///< see CocoAnnotation::zero_id
    CocoSeconds seconds;
};

/// COCO box metrics, equal to pycocotools' COCOeval(iouType="bbox") where everything is judged.
///
/// One category at a time, one thread: its detections are sorted once by (score falling, image, order given), which
/// is the order of pycocotools' two stable sorts; a greedy match then serves all 10 IoU thresholds at once, one bit
/// each; precision is looked at where a true positive is found only, since it falls everywhere else.
/// Cost O(detections * log + pairs of boxes in the same image and category).
///
/// @throws CheckError, DataError  see check_coco_problem; max_detections not rising, IoU thresholds out of range.
CocoResult evaluate_coco(const CocoProblem& problem, const CocoOptions& options = {});

} // namespace banyan
