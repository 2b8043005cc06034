#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "combine/affinity_probe.h"
#include "combine/task_affinity.h"
#include "heads/head.h"
#include "report/html_report.h"
#include "train/train_config.h"

namespace banyan {

/// Whether every pair of tasks is merged, untrained, to see what it loses (combine/pair_transplants.h).
enum class PairMerging {
    automatic, ///< where there is validation data, and at most kMostTasksInPairs tasks
    on,
    off
};
inline constexpr std::size_t kMostTasksInPairs = 10;

struct MeasureOptions {
    std::string folder;       ///< to write
    std::string model;        ///< weights that are probed and looked at as they are; "": those of a joint run
    std::int64_t every = 100; ///< joint run: steps between probes [1, 10^7]
    std::int64_t probes = 20; ///< of a given model [1, 10^6]
    ProbeOptions probe;
    PairMerging pairs = PairMerging::automatic;
    std::size_t pair_pictures = 64;          ///< by which merged branches are fitted [1, 10^5]
    BoxOutputs boxes = BoxOutputs::per_task; ///< of merged branches
    bool resume = false;
};

/// @throws UsageError `on` without validation data
bool measures_pairs(const RunConfig& config, const MeasureOptions& options);

struct MeasureOutcome {
    TaskAffinities affinities;
    std::optional<int> stop_signal; ///< SIGINT or SIGTERM ended it; what is done is kept, the affinities are empty
};

/// Measures every relation between the tasks of a config, into `folder`:
///
///   measure.json                   what is measured: a resumed measurement must be the same
///   run/                           the joint run (train/run_folder.h) with its probes in affinity.jsonl
///   probes.jsonl                   probes of a given model instead
///   unmerged.banyan.safetensors    the weights whose detections are compared: the run's last, or the model's
///   pairs.jsonl, unmerged.coco.json   what pairs lose when they are merged, and what the network finds as it is
///   affinities.json                all matrices, once they are complete
///
/// A measurement that was stopped at any moment, also by SIGKILL, ends when it is resumed with the affinities.json of
/// one that was not stopped, to the byte (under the conditions of train/trainer.h). One that is complete is only read.
/// @throws UsageError fewer than two tasks, a branch with several, a folder that holds a measurement (without resume)
///         or one of something else, no probe in so many steps; every Error of data, files and training
MeasureOutcome measure_affinities(const RunConfig& config, const MeasureOptions& options);

/// The text of measure.json: what decides the affinities, weights and config by their hashes.
std::string measurement_json(const RunConfig& config, const MeasureOptions& options);

/// A section with a heat map of every matrix: values with their errors, and what they say.
void add_affinity_section(HtmlReport& report, const TaskAffinities& affinities);

} // namespace banyan
