#pragma once

#include "apps/run_commands.h"
#include "train/train_config.h"

namespace banyan {

/// The run of --config, changed by --set and cut to --tasks. @throws ConfigError, IoError, UsageError
RunConfig run_config_option(const Options& options);

} // namespace banyan
