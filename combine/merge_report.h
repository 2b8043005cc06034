#pragma once

#include <string>
#include <utility>
#include <vector>

#include "combine/merge_auto.h"

namespace banyan {

/// What can be done next: (what for, how).
using NextSteps = std::vector<std::pair<std::string, std::string>>;

/// merge-report.html: headline figures; what each task gave up; the candidates with what was predicted, measured before
/// any training, and confirmed; the front of accuracy and latency; costs; affinities; what can be done next. Parts that
/// were not reached are left out, so that it can be written of work that ended at a gate. @throws IoError
void write_merge_report(const std::string& path, const MergeAutoOptions& options, const MergeAutoOutcome& outcome,
                        const NextSteps& next_steps);

} // namespace banyan
