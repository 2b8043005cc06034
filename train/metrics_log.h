#pragma once

#include <map>
#include <string>

#include "report/curve.h"

namespace banyan {

/// Curves over the training step, read from a run's metrics.jsonl.
struct MetricsLog {
    Curve loss;
    Curve images_per_second;
    std::map<std::string, Curve> class_loss; ///< by branch
    std::map<std::string, Curve> box_loss;   ///< by branch
    std::map<std::string, Curve> ap50;       ///< by task
    std::map<std::string, Curve> ap;         ///< by task
};

/// @throws IoError; DataError a line that is no JSON object with a "step"
MetricsLog read_metrics(const std::string& path);

} // namespace banyan
