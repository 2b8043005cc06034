#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/sampling_counts.h"
#include "eval/evaluate.h"
#include "train/gradient_conflicts.h"
#include "train/train_step.h"

namespace banyan {

/// One logged training step.
struct StepRecord {
    std::int64_t step = 0;
    double loss = 0;
    double lr = 0;
    double gradient_norm = 0;
    std::map<std::string, BranchStep> branches;
    std::optional<double> hint_loss{};
    std::int64_t skipped = 0;  ///< steps so far that were not taken (train/non_finite_guard.h)
    SamplingCounts sampling{}; ///< of the batches since the last logged step
};

/// How fast the steps since the last logged one were. Kept apart from what was computed, which is the same in each run.
struct StepTiming {
    double images_per_second = 0;
    double data_wait_share = 0; ///< of the wall time, waiting for the loader
};

/// Files of one run:
///
///   config.json, env.json, run.log
///   metrics.jsonl                  losses and evaluations: the same bytes whether the run was interrupted or not
///   timing.jsonl                   speed: never the same
///   affinity.jsonl                 what a hook of the run told (train/trainer.h); the same bytes as well
///   weights/{last,best}.banyan.safetensors
///   nonfinite-N/                   batches whose loss or gradient was not finite (train/batch_dump.h)
///   checkpoint-N/                  state.safetensors, and the best weights of that moment
///   predictions.coco.json, plots/, report.html
class RunFolder {
public:
    /// Makes the folder, writes config.json and env.json, and lets the log go to run.log as well.
    /// @param resume  go on in a folder that holds a run of the same config; otherwise it must hold none
    /// @throws IoError; UsageError the folder holds a run already or none; ModelFileError a run of another config
    RunFolder(std::string path, const std::string& effective_config, bool resume);

    /// Whether a run was begun in the folder, so that it can be resumed.
    static bool holds_run(const std::string& path);

    const std::string& path() const { return path_; }
    std::string weights(const std::string& name) const; ///< weights/<name>.banyan.safetensors
    std::string checkpoint(std::int64_t step) const;    ///< checkpoint-<step>/state.safetensors
    /// Brings the folder to the moment of the checkpoint of `step`; a killed run has often gone on behind it. Drops
    /// later lines of the logs, evaluations after step `evaluated` and a line cut in the middle, takes the best weights
    /// of that moment and removes half-written files and all other checkpoints.
    void rewind(std::int64_t step, std::int64_t evaluated);
    void log_step(const StepRecord& record, const StepTiming& timing);
    void log_conflicts(std::int64_t step, const std::vector<GradientConflict>& conflicts);
    void log_eval(std::int64_t step, const EvalReport& report);
    void log_affinity(const std::string& line) const; ///< a JSON object with "step"; "" is nothing
    /// Keeps the best weights beside the state of `step`, for rewind(). To be called before the state is written.
    void keep_best_weights(std::int64_t step) const;
    /// Removes all checkpoints but the newest.
    void keep_newest_checkpoint(std::int64_t step) const;

private:
    void rewind_log(const std::string& name, std::int64_t step, std::int64_t evaluated) const;
    void append(const std::string& name, const std::string& line) const;
    std::string best_weights_of(std::int64_t step) const;
    std::string path_;
};

} // namespace banyan
