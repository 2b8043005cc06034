#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "eval/evaluate.h"
#include "train/train_config.h"

namespace banyan {

/// What `banyan demo` runs.
struct DemoRunOptions {
    std::string folder; ///< data/, masked/, naive/, pictures/ and report.html go here
    std::uint64_t seed = 1;
    std::int64_t steps = 0; ///< of each training; 0 = the config's own
    int pictures = 500;     ///< in each of the three training sets; the new scenes are 0.3 times as many
    bool masked = true;     ///< train with masked losses
    bool naive = true;      ///< train the same with everything unlabelled as background
};

/// One finished training of the demo.
struct DemoTraining {
    std::string name;  ///< "masked" or "naive"
    EvalReport report; ///< on new scenes in which every part is labelled
    double seconds = 0;
};

struct DemoOutcome {
    std::vector<DemoTraining> trainings;
    std::map<std::string, double> seconds; ///< by stage: "data", "masked", "naive", "detect"
};

/// The embedded config: three data sets that each label one part, one shared network with a branch a part.
/// Data set roots are relative to `folder`.
RunConfig demo_config(const std::string& folder, const std::vector<std::string>& overrides);

/// Draws the data sets, trains, judges on new scenes, detects and writes report.html. A finished training in the folder
/// is not run again; one that was stopped goes on.
/// @throws every Error of its parts; a stop signal ends it with a partial outcome (core/stop_signal.h)
DemoOutcome run_demo(const DemoRunOptions& options);

} // namespace banyan
