#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/batch_plan.h"
#include "data/dataset.h"
#include "data/sampling_plan.h"

namespace banyan {

/// Rows of one data set, or of one branch: those that tell something of its classes.
struct SampledRows {
    std::string name;
    std::int64_t rows = 0; ///< that the batches hold
    double expected = 0;   ///< in as many batches, on average over a long run
};

/// Rows of some batches by data set and by branch, in the config's orders.
struct SamplingCounts {
    std::vector<SampledRows> datasets, branches;
};

/// What the batches of a run hold and should hold. Counted from the plan, not from what was seen: a resumed run tells
/// the same numbers as one that was not stopped.
class SamplingCounter {
public:
    /// `datasets` must outlive the counter. @throws as make_batch_plan
    SamplingCounter(const std::vector<Dataset>& datasets, SamplingPlanOptions options);

    /// Of batches [first, last). Costs some ns a row; where `first` is not the last call's `last`, also some ns for
    /// each batch before it.
    SamplingCounts count(std::int64_t first, std::int64_t last);
    /// Of one batch, only what is expected.
    const SamplingCounts& expected() const { return expected_; }

private:
    const std::vector<Dataset>& datasets_;
    SamplingPlanOptions options_;
    BatchPlan plan_;
    std::int64_t next_batch_ = 0;                    ///< of plan_
    std::vector<std::vector<std::uint64_t>> groups_; ///< branches_of, by data set and record
    SamplingCounts expected_;
};

/// "data sets: coco128 3.00, hands 2.00; branches: person 3.00, hand 2.00": what is expected.
std::string expected_text(const SamplingCounts& counts);
/// "data sets: coco128 61 (60.0), …": rows, in brackets those expected.
std::string counted_text(const SamplingCounts& counts);

} // namespace banyan
