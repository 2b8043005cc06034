#pragma once

#include <string>

#include "combine/ablation_summary.h"

namespace banyan {

/// One HTML page about a grid: each cell's numbers with intervals over the seeds, bars by task, accuracy against
/// multiply-adds with the Pareto front, paired differences from the first finished cell of those that share seeds and
/// pictures with it, all runs with their states.
/// @param folder  of the grid's database, for the detections. @throws IoError, DataError
void write_ablation_report(const std::string& path, const std::string& folder, const AblationSummary& summary);

/// "34.3 ± 1.2" in percent, "34.3" of one seed, "–" of none.
std::string seed_mean_text(const SeedMean* mean);

} // namespace banyan
