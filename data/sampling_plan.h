#pragma once

#include <cstdint>
#include <vector>

#include "data/batch_plan.h"
#include "data/dataset.h"
#include "data/sampling_options.h"

namespace banyan {

/// The batches of a training run over these data sets.
struct SamplingPlanOptions {
    SamplingOptions sampling;
    int batch_size = 16;
    std::uint64_t seed = 0;
};

/// @throws DataError an empty list or data set; ConfigError a branch_minimum that the data sets or the batch size
///         cannot give
BatchPlan make_batch_plan(const std::vector<Dataset>& datasets, const SamplingPlanOptions& options,
                          std::int64_t first_batch = 0);

/// Bit b: the record tells something of a class of branch b, so that the branch can learn from it.
std::uint64_t branches_of(const Record& record, const std::vector<SampledBranch>& branches);

/// How often an epoch holds each record with repeat factor t (SamplingOptions::repeat_factor), >= 1.
std::vector<double> repeat_factors(const Dataset& dataset, double threshold);

} // namespace banyan
