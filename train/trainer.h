#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "eval/evaluate.h"
#include "model/multi_task_model.h"
#include "train/train_config.h"

namespace banyan {

/// How a run ended.
struct TrainOutcome {
    std::int64_t step = 0;          ///< finished steps
    double best_score = -1;         ///< highest mean AP of an evaluation; -1 without validation data
    EvalReport report;              ///< of the last evaluation
    double seconds = 0;             ///< of this process
    std::optional<int> stop_signal; ///< SIGINT or SIGTERM ended it after a checkpoint
};

/// What else is done while a network is trained.
struct TrainHooks {
    /// Called after every step with the network as it is trained (not its average), the run's data sets and the number
    /// of finished steps; it must leave the network as it was, to the bit. What it returns is kept as a line of the run
    /// folder's affinity.jsonl, which resuming brings to the moment of the checkpoint like metrics.jsonl: a JSON object
    /// with that "step"; "" for nothing.
    std::function<std::string(MultiTaskModel& model, const std::vector<Dataset>& datasets, std::int64_t step)>
        after_step;
};

/// Runs a training with logging, evaluation, saving and checkpoints in `folder` (train/run_folder.h). Saved weights are
/// the EMA's.
///
/// SIGINT and SIGTERM end the run after the step or evaluated pictures at hand and a checkpoint. However a run was
/// stopped, also by SIGKILL at any moment, a resumed one ends with the bytes of one that was not stopped: weights,
/// checkpoint, metrics.jsonl and predictions.coco.json, given the same number of threads on the same kind of processor
/// (TrainState tells why; other arithmetic is warned of). What was done after the last checkpoint is done again.
/// @param resume continue from the newest checkpoint in `folder`; from the start when the run was stopped before its
///               first one
/// @throws every Error of data, files, config; NumericError a loss or gradient is not finite
TrainOutcome train(const RunConfig& config, const std::string& folder, bool resume, const TrainHooks& hooks = {});

} // namespace banyan
