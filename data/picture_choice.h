#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/task.h"
#include "data/dataset.h"

namespace banyan {

/// One picture of a list of data sets.
struct PictureChoice {
    const Dataset* dataset = nullptr;
    std::size_t record = 0;
};

/// Pictures for a calibration: equally many of each data set that labels one of the tasks, spread evenly over it; fewer
/// than `count` where there are not so many. None where no data set labels any of the tasks.
std::vector<PictureChoice> choose_pictures(const std::vector<Dataset>& datasets, const ClassTable& table,
                                           const std::vector<std::string>& tasks, std::size_t count);

} // namespace banyan
