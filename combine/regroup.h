#pragma once

#include <string>

#include "combine/merge_plan.h"
#include "train/train_config.h"

namespace banyan {

/// A training run of the network with its branches regrouped: `regrouped` for a whole config, whose effective text then
/// has the new branches and reads back to the same run.
/// @param boxes  the "boxes" of the heads with several tasks ("shared", "per_task"); "" leaves them as they are
/// @throws UsageError as checked_plan; ConfigError branches that the network cannot have
RunConfig regrouped(const RunConfig& config, const MergePlan& plan, const std::string& boxes = "");

} // namespace banyan
