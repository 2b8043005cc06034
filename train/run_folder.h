#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "train/evaluate.h"
#include "train/train_step.h"

namespace banyan {

/// One logged training step.
struct StepRecord {
    std::int64_t step = 0;
    double loss = 0;
    double lr = 0;
    double gradient_norm = 0;
    double images_per_second = 0;
    double data_wait_share = 0; ///< of the wall time, waiting for the loader
    std::map<std::string, BranchStep> branches;
};

/// Files of one run: config.json, env.json, run.log, metrics.jsonl, weights/, checkpoint-N/, plots/, report.html.
class RunFolder {
public:
    /// Makes the folder, writes config.json and env.json, and lets the log go to run.log as well.
    /// @param resume  go on in a folder that holds a run; otherwise it must not
    /// @throws IoError; UsageError the folder holds a run already
    RunFolder(std::string path, const std::string& effective_config, bool resume);

    const std::string& path() const { return path_; }
    std::string weights(const std::string& name) const; ///< weights/<name>.banyan.safetensors
    std::string checkpoint(std::int64_t step) const;    ///< checkpoint-<step>/state.safetensors
    /// Drops metrics after `step`: a killed run may have logged steps that its checkpoint does not hold.
    void rewind_metrics(std::int64_t step);
    void log_step(const StepRecord& record);
    void log_eval(std::int64_t step, const EvalReport& report);
    /// Removes all checkpoints but the newest.
    void keep_newest_checkpoint(std::int64_t step) const;

private:
    void append(const std::string& line);
    std::string path_;
};

/// {"tasks": {"face": {"ap", "ap50", "ap75", "ar100", "images", "classes": {…}}}, "mean": {…}} (docs/cli.md)
std::string eval_json(const EvalReport& report);
/// Table for people.
std::string eval_table(const EvalReport& report);

} // namespace banyan
