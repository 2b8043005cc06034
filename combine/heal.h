#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/train_config.h"
#include "train/trainer.h"

namespace banyan {

/// The short training after a transplant: the merged network learns from the labels and from the network that it was
/// made of, which tells it on every picture what its data set does not label (train/teacher.h).
struct HealOptions {
    std::string config;             ///< training config: its data sets, loader, transforms and optimiser
    std::string merged;             ///< model file to heal
    std::string teacher;            ///< model file of the unmerged network
    std::int64_t steps = 300;       ///< [1, 10^7]
    double trunk_lr_scale = 0;      ///< [0, 10]; 0 keeps the trunk, and with it all branches that were not merged
    std::uint64_t seed = 1;         ///< of batches and transforms
    std::vector<std::string> set{}; ///< "/pointer=value" each, over what is chosen here
};

/// The run: that of the config, with the network of the merged file and the tasks that it has, and
///   train/init, train/teachers       the two files; the teacher teaches all tasks, where nothing is labelled
///   learn                            tasks of merged branches, where the trunk is kept: others keep every bit
///   lr                               kHealLrScale of the config's: weights are adjusted, not found
///   warmup_steps                     a tenth of the steps
///   eval_every, checkpoint_every     at the end only; kHealCheckpointEvery
///   transforms                       no mosaic, mixup and copy-paste: the network is to see what it will see
///   unlabelled, trunk_norm, balance, conflict_every
///                                    masked; without a part for the trunk where that is frozen
/// @throws IoError, ConfigError, ModelFileError; ConfigError also a task that the config does not have or of which it
/// has other classes
RunConfig heal_config(const HealOptions& options);
inline constexpr double kHealLrScale = 0.5;
inline constexpr std::int64_t kHealCheckpointEvery = 100;

/// Trains it in `folder`; as train() of train/trainer.h. The healed network is its weights/last.
TrainOutcome heal(const HealOptions& options, const std::string& folder, bool resume);

} // namespace banyan
