#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "model/multi_task_model.h"
#include "train/ema.h"
#include "train/optimizer.h"
#include "train/run_identity.h"

namespace banyan {

/// What a run needs to go on: references to the living objects, and the counters. Everything that decides the bits of
/// the next step is in here or follows from it:
///
///   parameters, running statistics of norms           model      "model."
///   moments and step counts, by tensor                optimizer  "optimizer."
///   averages and the counts that warm them up         ema        "ema."
///   balancing, means of conflicts, skipped steps      more       "more."
///   learning rate, warm-up                            a function of config and step
///   rows, image side and augmentation of a batch      a function of config, seed, data and step (data/loader.h):
///                                                     neither the loader's threads nor its queue nor its cache count
///   start values                                      a function of seed and name; a checkpoint replaces them
///   which evaluation is due, which weights are best   evaluated, best_score
///
/// No random generator lives from one step to the next, LibTorch's own is not used, and bf16 autocast scales no loss.
/// Sums are split by the number of threads, so that equal bits need an equal number (RunIdentity::arithmetic).
struct TrainState {
    MultiTaskModel& model;
    Optimizer& optimizer;
    Ema& ema;
    std::int64_t step = 0;                       ///< finished steps; also the index of the loader's next batch
    std::int64_t evaluated = 0;                  ///< step of the last finished evaluation
    double best_score = -1;                      ///< mean AP of the best evaluation so far
    std::map<std::string, at::Tensor> more = {}; ///< small states of StepUpdate and NonFiniteGuard
};

/// Writes everything to one safetensors file, atomically. @throws IoError
void save_checkpoint(const std::string& path, const TrainState& state, const RunIdentity& identity);

/// Restores all of it; other arithmetic is a warning in the log.
/// @throws IoError; ModelFileError damaged, of another config or network; DataError naming the data set that changed
void load_checkpoint(const std::string& path, TrainState& state, const RunIdentity& identity);

/// Newest "<run folder>/checkpoint-<step>/state.safetensors", or "". A folder whose file was not finished is passed
/// over; a finished file that was damaged later is not: loading it tells so.
std::string find_checkpoint(const std::string& run_folder);

} // namespace banyan
