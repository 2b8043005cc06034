#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "combine/merge_plan.h"
#include "combine/run_database.h"
#include "train/train_config.h"

namespace banyan {

/// A plan of a grid.
struct AblationPlan {
    MergePlan plan;
    std::string boxes; ///< of merged branches; "" as the base has them
};

/// A named set of changes to the base config.
struct AblationVariant {
    std::string name = "base";
    std::vector<std::string> overrides; ///< "/pointer=value" each
};

/// What `banyan ablate` trains: every plan with every variant and seed, for every set of tasks (docs/ablation.md).
struct AblationGrid {
    std::string base; ///< training config
    std::vector<AblationPlan> plans;
    std::vector<AblationVariant> variants{{}};
    std::vector<std::uint64_t> seeds{1};
    std::vector<std::vector<std::string>> task_sets; ///< none: all tasks of the base at once
    double budget_hours = 0;                         ///< no further run is begun behind it; 0 = no limit
};

/// @throws ConfigError, IoError
AblationGrid load_ablation(const std::string& path);
AblationGrid parse_ablation(ConfigReader reader);

/// One run of a grid.
struct AblationRun {
    CellKey cell;
    std::uint64_t seed = 0;
    std::string folder; ///< "runs/<plan>-<variant>-<seed>", without what has no place in a file name
    RunConfig config;
};

/// All runs, by plan, variant and seed; runs that come out equal (a plan cut to one task) once. Every config is
/// checked.
/// @throws ConfigError, UsageError naming the plan or variant; two runs of one folder; a base that nothing is judged on
std::vector<AblationRun> runs_of(const AblationGrid& grid);

/// Where two effective configs differ, for people: "/train/steps was 300, is 400"; at most three places, "" if nowhere.
std::string config_changes(const std::string& before, const std::string& now);

} // namespace banyan
