#pragma once

#include "apps/run_commands.h"
#include "combine/heal.h"

namespace banyan {

/// Values of --config, --steps, --trunk-lr-scale and --set. @throws UsageError out of range
HealOptions heal_values(const Options& options);

} // namespace banyan
