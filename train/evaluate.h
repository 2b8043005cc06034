#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/task.h"
#include "data/dataset.h"
#include "eval/coco_metrics.h"
#include "model/predict.h"

namespace banyan {

/// What one task reached.
struct TaskResult {
    std::string task;
    CocoStats stats;                      ///< means over the task's classes that have ground truth
    std::size_t images = 0;               ///< images in which at least one of its classes was judged
    std::vector<CocoClassResult> classes; ///< in the task's order
};

struct EvalReport {
    std::vector<TaskResult> tasks; ///< in the class table's order; tasks that no data set judges are left out
    std::size_t images = 0;
    double seconds = 0;
    double mean(CocoStat stat) const; ///< over the tasks with ground truth; -1 without any
};

/// uint8 [N, side, side, 3] -> boxes in those pixels (model/predict.h).
using Predictor = std::function<Predictions(const at::Tensor&)>;

/// Detections below this score are not judged; low, because AP looks at the whole curve.
inline constexpr double kEvalScoreThreshold = 0.01;

struct EvalOptions {
    int side = 320;
    int batch_size = 8;
    std::function<void(std::size_t done, std::size_t total)> progress; ///< may be empty
    std::function<bool()> stop;                                        ///< true ends early with an empty report
};

/// Runs the predictor over all pictures, letterboxed, and judges in original pixels: each data set judges only the
/// classes that it labels (partial labels: unmatched detections are ignored). Detections of all data sets are pooled.
/// @param problem if given, receives the COCO problem with ground truth and detections
/// @throws DataError, IoError
EvalReport evaluate_datasets(const Predictor& predictor, const std::vector<Dataset>& datasets, const ClassTable& table,
                             const EvalOptions& options, CocoProblem* problem = nullptr);

} // namespace banyan
