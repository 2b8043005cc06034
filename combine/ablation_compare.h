#pragma once

#include <string>
#include <vector>

#include "combine/ablation_summary.h"
#include "eval/paired_bootstrap.h"

namespace banyan {

/// Two or more cells on the same images and seeds.
struct CellComparison {
    BootstrapResult result; ///< of the tasks that all cells have; sides are "A", "B", …
    BootstrapOptions options;
    std::vector<std::uint64_t> seeds;            ///< that all cells have finished
    std::vector<std::vector<std::string>> files; ///< predictions, [cell][seed]
};

/// Paired bootstrap of cells, first minus each other one, over the images and, with two or more seeds, over the seeds.
/// @param folder of the grid's database. @throws UsageError no seed or no task in common; DataError, IoError
CellComparison compare_cells(const std::string& folder, const std::vector<const CellSummary*>& cells,
                             BootstrapOptions options);

} // namespace banyan
