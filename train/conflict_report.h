#pragma once

#include <string>

#include "report/html_report.h"

namespace banyan {

/// Heat maps of how the branches' gradients agreed in the trunk, from a run folder's metrics.jsonl; also to
/// plots/conflict_*.svg. Nothing where they were not measured ("conflict_every"). @throws IoError, DataError
void add_conflict_section(HtmlReport& report, const std::string& run_folder);

} // namespace banyan
