#pragma once

#include <string>

#include "apps/run_commands.h"
#include "combine/merge_auto.h"
#include "combine/merge_report.h"

namespace banyan {

/// The result of `banyan merge auto` for people.
std::string merge_auto_text(const MergeAutoOptions& options, const MergeAutoOutcome& outcome);

/// Commands to apply, undo and go on. @param given  the command line
NextSteps merge_next_steps(const MergeAutoOptions& options, const MergeAutoOutcome& outcome, const Options& given);

} // namespace banyan
