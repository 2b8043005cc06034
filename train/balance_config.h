#pragma once

#include "core/config_reader.h"
#include "train/balance_options.h"

namespace banyan {

/// Reads "method", "lr", "temperature", "window", "alpha". Calls reader.finish(). @throws ConfigError
BalanceOptions parse_balance(ConfigReader reader);

} // namespace banyan
