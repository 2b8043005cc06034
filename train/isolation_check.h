#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/multi_task_model.h"
#include "train/train_config.h"

namespace banyan {

struct IsolationOptions {
    std::int64_t steps = 3; ///< of each kind: normal ones at first, then idle ones for each branch and group of classes
    /// Called after each step, to see the check fail: what it does to the model counts as done by the step.
    std::function<void(MultiTaskModel&)> after_step;
};

/// What became of one branch, or of some class columns of a branch, in steps in which it had nothing to learn.
struct IsolationFinding {
    std::string branch;
    std::vector<std::string> classes; ///< whose columns were idle while others of the branch learned; empty: the branch
    std::int64_t idle_steps = 0;      ///< real steps that were run; 0: no picture of the run leaves it idle
    std::int64_t tensors = 0;     ///< compared: parameters, statistics, moments, step counts, averages, their counts
    std::string first_difference; ///< name of the first of them that is not the same to the bit; "" if all are

    bool always_present() const { return idle_steps == 0; } // or, class columns, idle with the whole branch only
    bool moved() const { return !first_difference.empty(); }
};

/// Runs real steps of a run (loader, augmentation, losses, optimiser, average; nothing is saved) and compares, bit by
/// bit, what must not change. First `steps` normal steps, and more until every branch has moments. Then for each branch
/// steps on those pictures of the run that tell nothing of its classes, before and after which everything that belongs
/// to the branch alone is compared: also the parts of the trunk that no other branch reads. Then the same for the class
/// columns (their channels of the class convolution) of branches in which some classes can be idle while others are
/// not; classes that are unknown in the same pictures go together.
/// In naive training (TrainOptions::unlabelled) nothing is ever idle.
/// @throws every Error of data, files and config; NumericError a loss or gradient is not finite
std::vector<IsolationFinding> check_isolation(const RunConfig& config, const IsolationOptions& options = {});

} // namespace banyan
