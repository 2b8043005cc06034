#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/nms.h"
#include "core/task.h"
#include "data/dataset.h"
#include "eval/coco_metrics.h"
#include "image/image.h"

namespace banyan {

/// Pictures of one size, a multiple of 32 on each side -> the boxes of each.
using Predictor = std::function<Predictions(const std::vector<Image>& pictures)>;

/// What one task reached.
struct TaskResult {
    std::string task;
    CocoStats stats;                      ///< means over the task's classes that have ground truth
    std::size_t images = 0;               ///< images in which at least one of its classes was judged
    std::vector<CocoClassResult> classes; ///< in the task's order
    // Detections of at least kCountedScore, at IoU 0.5; the 100 best of an image and class.
    std::size_t judged_detections = 0;   ///< true or false
    std::size_t ignored_detections = 0;  ///< in ignore regions, or unmatched where labels are partial
    std::size_t unjudged_detections = 0; ///< in images that do not label their class: never false
};

struct EvalReport {
    std::vector<TaskResult> tasks; ///< in the class table's order; tasks that no data set judges are left out
    std::size_t images = 0;
    double seconds = 0;
    double mean(CocoStat stat) const; ///< over the tasks with ground truth; -1 without any
};

/// Detections below this score are not judged; low, because AP looks at the whole curve.
inline constexpr double kEvalScoreThreshold = 0.01;

/// Detections are counted from this score on: a count of all would say little but how many are kept.
inline constexpr double kCountedScore = 0.3;

struct EvalOptions {
    int side = 320;
    int batch_size = 8;
    std::function<void(std::size_t done, std::size_t total)> progress; ///< may be empty
    std::function<bool()> stop;                                        ///< true ends early with an empty report
};

/// What the data sets' labels say, in original pixels, without detections. Images are in the order of the data sets and
/// their records, with the ids 1, 2, … and the names "<data set>/<record>"; categories are the class ids, with the ids
/// 1 + class id.
CocoProblem ground_truth_of(const std::vector<Dataset>& datasets, const ClassTable& table);

/// Runs the predictor over all pictures, letterboxed, and judges in original pixels: each data set judges only the
/// classes that it labels (partial labels: unmatched detections are ignored). Detections of all data sets are pooled.
/// @param problem if given, receives the ground truth with all detections
/// @throws DataError, IoError
EvalReport evaluate_datasets(const Predictor& predictor, const std::vector<Dataset>& datasets, const ClassTable& table,
                             const EvalOptions& options, CocoProblem* problem = nullptr);

} // namespace banyan
