#pragma once

#include <optional>
#include <vector>

namespace banyan {

/// Mean over the seeds of a cell.
struct SeedMean {
    double mean = 0;
    /// Half the two-sided interval of Student's t for the mean of further trainings; none below two values.
    std::optional<double> half_width;
    std::vector<double> values; ///< one a seed
};

/// @param values  at least one. @throws CheckError none, or `confidence` not in (0, 1)
SeedMean seed_mean(std::vector<double> values, double confidence = 0.95);

} // namespace banyan
