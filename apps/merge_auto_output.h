#pragma once

#include <string>

#include "combine/merge_auto.h"
#include "combine/merge_report.h"

namespace banyan {

/// The result of `banyan merge auto` for people.
std::string merge_auto_text(const MergeAutoOptions& options, const MergeAutoOutcome& outcome);

/// Commands to apply, undo and go on. @param config, budget as given on the command line
NextSteps merge_next_steps(const MergeAutoOptions& options, const MergeAutoOutcome& outcome, const std::string& config);

} // namespace banyan
