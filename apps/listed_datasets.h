#pragma once

#include <string>
#include <vector>

#include "apps/run_commands.h"
#include "core/task.h"
#include "data/dataset.h"

namespace banyan {

/// The list that option `split` names of the JSON file that option `file` names, as it stands there.
/// @throws UsageError an unknown list; ConfigError, IoError the file; DataError it labels no class of the model
std::vector<DatasetOptions> listed_datasets(const Options& options, const std::string& file, const ClassTable& classes,
                                            const std::string& split = "split");

} // namespace banyan
