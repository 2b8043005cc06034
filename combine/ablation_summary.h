#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "combine/run_database.h"
#include "combine/seed_mean.h"

namespace banyan {

/// What the runs of one plan and variant reached, over their seeds.
struct CellSummary {
    int number = 0; ///< 1, 2, … in the order in which cells were recorded
    CellKey cell;
    std::vector<const RunRow*> runs; ///< all of them, by seed
    std::vector<const RunRow*> done;
    std::map<std::string, SeedMean> tasks; ///< over the finished runs
    std::optional<SeedMean> mean;          ///< over the tasks that the cell has
    double images_per_second = 0;          ///< of training, mean over the finished runs
    double seconds = 0;                    ///< of training, mean over the finished runs
};

struct AblationSummary {
    std::string metric; ///< "ap", "ap50", "ap75" or "ar100"
    std::vector<std::string> tasks;
    std::vector<CellSummary> cells;
};

/// @param rows  must outlive the result. @throws UsageError an unknown metric
AblationSummary summarise_ablation(const std::vector<RunRow>& rows, const std::string& metric);

/// Orders the cells: by "cell" (their number), "name", "mean", a task (both falling), "parameters", "macs", "seconds"
/// (rising), or "speed" (falling). Cells without the number stand last. @throws UsageError another word
void sort_cells(AblationSummary& summary, const std::string& key);

/// The cell that `text` names: its number, its label or, where only one variant has it, its plan; blanks do not count.
/// @throws UsageError none or several, with the nearest
const CellSummary& find_cell(const AblationSummary& summary, const std::string& text);

/// One line for each number of each run, and one for a run without numbers, by RFC 4180 with CRLF:
/// cell,plan,boxes,variant,seed,state,task,metric,value,… (docs/ablation.md).
std::string ablation_csv(const std::vector<RunRow>& rows);

} // namespace banyan
