#pragma once

#include <string>
#include <vector>

#include "core/task.h"
#include "data/sample.h"
#include "train/non_finite.h"

namespace banyan {

/// What the numbers of a batch mean.
struct BatchNames {
    std::vector<std::string> datasets; ///< by Batch::dataset
    ClassTable classes;
};

/// "masks 12 (images/a.jpg)": data set, record, file.
std::string sample_name(const Batch& batch, std::size_t row, const BatchNames& names);

/// Writes what a step was given into `folder`, for a look at it: one PNG a row as the network saw it, and batch.json
/// with what was not finite, the losses, and for each row its origin and labels. The folder appears at once and whole;
/// an older one of that name is replaced. @throws IoError
void write_batch_dump(const std::string& folder, const Batch& batch, const NonFinite& found, const BatchNames& names);

} // namespace banyan
