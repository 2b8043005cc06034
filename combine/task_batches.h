#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "data/dataset.h"
#include "data/loader.h"
#include "train/train_config.h"

namespace banyan {

/// Batches of rows that all label one task, and that tell nothing of any other task: what its loss can be compared by
/// with another task's, whichever data sets label which.
///
/// Rows come with the run's transforms, and from each data set as often as the run meets its labelled records. Batch b
/// is a pure function of (seed, task, data sets, rows, b), drawn apart from the run's own batches.
class TaskBatches {
public:
    /// @param task place in config.model.tasks
    /// @throws DataError no record labels the task
    TaskBatches(const RunConfig& config, const std::vector<Dataset>& datasets, std::size_t task, int rows);

    /// Batches one after the other cost least: the next is made meanwhile. Batch::record counts the labelled records
    /// only. @throws DataError, IoError
    Batch get(std::int64_t index);

private:
    std::vector<int> classes_;      ///< of the task
    std::vector<Dataset> datasets_; ///< records that label the task
    std::vector<int> run_places_;   ///< of datasets_ among the run's
    LoaderOptions options_;
    TransformOptions transforms_;
    std::unique_ptr<BatchLoader> loader_; ///< uses datasets_
};

} // namespace banyan
