#pragma once

#include <map>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "train/train_config.h"

namespace banyan {

/// What a checkpoint belongs to. With another config or other data a run is not resumed; with other arithmetic it is,
/// but its bits may differ from then on.
struct RunIdentity {
    std::string config_hash;                     ///< of the effective config
    std::map<std::string, std::string> datasets; ///< Dataset::fingerprint() by "training/<name>", "validation/<name>"
    std::string arithmetic; ///< what decides how results are rounded: "2 threads, bf16, AVX512, LibTorch 2.13.0, …"
    std::map<std::string, std::string> files{}; ///< content hash by "train/init" and "train/teachers/N/model"
};

/// Call it once the number of threads is set.
RunIdentity identify_run(const RunConfig& config, const std::vector<Dataset>& training,
                         const std::vector<Dataset>& validation);

} // namespace banyan
