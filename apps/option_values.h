#pragma once

#include <string>
#include <vector>

#include "apps/run_commands.h"

namespace banyan {

/// "face,hand" -> {"face", "hand"}. @throws UsageError an empty name
std::vector<std::string> split_names(const std::string& list, const std::string& option);

/// Value of a text option or "".
std::string text_option(const Options& options, const std::string& name);

/// Value of --side. @throws UsageError not a multiple of 32 in [64, 4096]
int side_option(const Options& options);

} // namespace banyan
