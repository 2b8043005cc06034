#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/task.h"
#include "data/dataset.h"

namespace banyan {

/// Pictures by which merged branches are fitted: equally many of each data set that labels one of the tasks, spread
/// evenly over it, letterboxed as for evaluation.
/// @return uint8 [N, side, side, 3], N <= count (all pictures where there are fewer)
/// @throws DataError no data set labels any of the tasks; a picture that cannot be read
at::Tensor calibration_pictures(const std::vector<Dataset>& datasets, const ClassTable& table,
                                const std::vector<std::string>& tasks, std::size_t count, int side);

} // namespace banyan
