#pragma once

#include <cstdint>
#include <string>

#include "model/multi_task_model.h"
#include "train/ema.h"
#include "train/optimizer.h"

namespace banyan {

/// What a run needs to go on: references to the living objects, and the counters.
struct TrainState {
    MultiTaskModel& model;
    Optimizer& optimizer;
    Ema& ema;
    std::int64_t step = 0;  ///< finished steps; also the index of the loader's next batch
    double best_score = -1; ///< mean AP of the best evaluation so far
};

/// Writes everything to one safetensors file, atomically. @param config_hash of the run's effective config
/// @throws IoError
void save_checkpoint(const std::string& path, const TrainState& state, const std::string& config_hash);

/// Restores all of it. @throws IoError; ModelFileError damaged, of another config or another network
void load_checkpoint(const std::string& path, TrainState& state, const std::string& config_hash);

/// Newest "<run folder>/checkpoint-<step>/state.safetensors", or "".
std::string find_checkpoint(const std::string& run_folder);

} // namespace banyan
