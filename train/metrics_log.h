#pragma once

#include <map>
#include <string>
#include <vector>

#include "report/curve.h"

namespace banyan {

/// How the gradients of two branches agreed over a run (train/gradient_conflicts.h). Errors are standard errors, not
/// numbers below two measurements.
struct MeanConflict {
    std::string a, b;
    double cosine = 0;
    double cosine_error = 0;
    double log2_ratio = 0; ///< of the gradients' norms, a against b
    double log2_ratio_error = 0;
};

/// Curves over the training step, read from a run folder's metrics.jsonl and timing.jsonl.
struct MetricsLog {
    Curve loss;
    Curve images_per_second;
    std::map<std::string, Curve> class_loss;   ///< by branch
    std::map<std::string, Curve> box_loss;     ///< by branch
    std::map<std::string, Curve> teacher_loss; ///< by branch; empty without a teacher
    Curve hint_loss;                           ///< empty without hints
    std::map<std::string, Curve> weight;       ///< of the balancing, by branch
    std::vector<MeanConflict> conflicts;       ///< of the gradients; each pair of branches as last written
    std::map<std::string, Curve> ap50;         ///< by task
    std::map<std::string, Curve> ap;           ///< by task
};

/// @throws IoError; DataError a line that is no JSON object with a "step"
MetricsLog read_metrics(const std::string& run_folder);

} // namespace banyan
