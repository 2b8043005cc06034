#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "combine/heal.h"
#include "combine/merge_plan.h"
#include "eval/paired_bootstrap.h"

namespace banyan {

struct ConfirmOptions {
    HealOptions heal;                    ///< `teacher` is the unmerged network; `merged` and `seed` are set here
    std::vector<std::string> candidates; ///< merged networks, the one to be preferred first
    int seeds = 3;                       ///< healings of each, of seeds 1, 2, … [1, 100]
    double max_drop = 0.5;               ///< loss of mean AP that is allowed, in points (hundredths) [0, 100]
    std::string folder;
    bool resume = false;
    bool try_all = false; ///< goes on behind an accepted candidate, to compare all of them
    /// Seeds are drawn as well: a plan is judged, not one lucky healing of it.
    BootstrapOptions bootstrap{.resamples = 2000, .seed = 1, .confidence = 0.95, .resample_seeds = true};
};

/// What came of one candidate.
struct CandidateVerdict {
    std::string model;
    MergePlan plan;
    std::vector<std::string> runs; ///< run folders, one a seed
    /// Sides "healed" (a seed each run), "unmerged", "transplanted" (before any training). Its differences are what
    /// healed has over the other two; empty where it was not tried.
    BootstrapResult comparison;
    double least_difference = 0; ///< least_difference_points
    bool accepted = false;
};

struct ConfirmOutcome {
    std::vector<CandidateVerdict> tried; ///< in the order of the candidates; all behind an accepted one are not
    std::optional<std::size_t> accepted; ///< place in `tried`
    std::optional<int> stop_signal;      ///< ended early; the same call with `resume` goes on
};

/// The bound that decides: the lower end of the interval (bootstrap.confidence, two-sided) of the mean AP over the
/// tasks, healed minus unmerged, in points. A candidate is accepted where it is -max_drop or more: where the interval
/// excludes a loss beyond the allowed one.
double least_difference_points(const BootstrapResult& comparison);

/// Heals the candidates one after the other, each with several seeds, judges them against the unmerged network on the
/// config's validation sets, and stops at the first that is accepted (with `try_all` it only goes by that one). In the
/// folder:
///
///   unmerged.banyan.safetensors     the undo path: the network as it was
///   unmerged.coco.json, ground_truth.coco.json
///   candidate-1/transplanted.coco.json, candidate-1/seed-1/ …   detections; run folders
///   confirm.json                    what was found so far (combine/confirm_json.cpp)
///   plan.json, healed.banyan.safetensors   of the accepted one: of its first seed, not of its luckiest
///
/// Finished runs are kept and stopped ones go on, so that a killed process loses nothing but what came after its last
/// checkpoint. More seeds, another max_drop and further candidates at the end may be asked for when it goes on.
/// @throws UsageError the folder holds a confirmation (without `resume`), or one of other networks or another training;
/// no validation data; DataError no object to judge by; every Error of its parts
ConfirmOutcome confirm(const ConfirmOptions& options);

/// Where confirm() keeps what networks found that it did not heal, as COCO files; those that are there are taken.
std::string unmerged_detections_file(const std::string& folder);
std::string transplanted_file(const std::string& folder, std::size_t candidate);

/// {"accepted", "max_drop_points", "bound", …} (docs/cli.md)
std::string confirm_json(const ConfirmOptions& options, const ConfirmOutcome& outcome);

} // namespace banyan
