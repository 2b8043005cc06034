#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "data/sample.h"
#include "train/batch_dump.h"
#include "train/non_finite.h"
#include "train/train_options.h"

namespace banyan {

/// Decides what becomes of a run whose steps meet numbers that are not finite (train_options.h, NonFinitePolicy). Each
/// such batch is written to <run>/nonfinite-<step>/, the first kMostDumps of a process.
class NonFiniteGuard {
public:
    NonFiniteGuard(const TrainOptions& options, std::string run_folder, BatchNames names);

    /// A step was taken: none in a row any more.
    void passed() { in_a_row_ = 0; }
    /// A step was not taken. @param step 0-based. @throws NumericError the run must stop: policy `stop`, or `skip` and
    /// non_finite_limit of them in a row
    void handle(const NonFinite& found, const Batch& batch, std::int64_t step);

    std::int64_t skipped() const { return skipped_; } ///< of the whole run

    /// The counts, for checkpoints.
    std::map<std::string, at::Tensor> state() const;
    /// @throws ModelFileError an entry that does not fit
    void load_state(const std::map<std::string, at::Tensor>& state);

    static constexpr std::int64_t kMostDumps = 10;

private:
    ErrorText describe(const NonFinite& found, const Batch& batch, std::int64_t step) const;

    NonFinitePolicy policy_;
    std::int64_t limit_;
    std::string run_folder_;
    BatchNames names_;
    std::int64_t skipped_ = 0, in_a_row_ = 0, dumps_ = 0;
};

} // namespace banyan
