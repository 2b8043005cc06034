#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "combine/ablation_grid.h"

namespace banyan {

struct AblationOptions {
    std::string folder;
    bool retry = false; ///< trains failed runs again
};

/// How far a grid is.
struct AblationOutcome {
    std::size_t runs = 0;
    std::size_t done = 0;
    std::size_t failed = 0;
    std::size_t elsewhere = 0; ///< another process trains them
    std::size_t left = 0;      ///< behind the budget or a signal
    std::optional<int> stop_signal;
};

/// Trains what of a grid is not done, one run after the other, and records it:
///
///   ablation.sqlite, ablation.log
///   runs/<plan>-<variant>-<seed>/    run folders as `banyan train` writes them
///   ground-truth/<hash>.coco.json    what runs were judged by
///
/// Before the first run all configs are checked and recorded. A run that was stopped, also by SIGKILL, goes on from its
/// checkpoint and ends with the same bytes; finished ones are not touched. A loss that is not finite fails its run; the
/// others go on. Any number of processes may work on one folder: each takes a run that no other one has.
/// @throws ConfigError a run was begun with another config (says what changed); every Error of train() but
///         NumericError; ModelFileError, IoError of the database
AblationOutcome run_ablation(const AblationGrid& grid, const AblationOptions& options);

} // namespace banyan
