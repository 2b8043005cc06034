#pragma once

#include <string>

#include "combine/ablation_summary.h"

namespace banyan {

/// One line, as docs/cli.md describes it.
std::string ablation_json(const AblationSummary& summary);
/// Table for people, in percent.
std::string ablation_table(const AblationSummary& summary);

} // namespace banyan
