#include "combine/ablation_grid.h"

#include <algorithm>
#include <map>
#include <set>

#include "combine/regroup.h"
#include "core/error.h"

namespace banyan {

namespace {

constexpr std::size_t kLongestName = 200; ///< bytes of a folder's name; file systems end at 255

bool contains(const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

/// The plan for some of the tasks only.
MergePlan cut_plan(MergePlan plan, const std::vector<std::string>& tasks) {
    for (std::vector<std::string>& group : plan.groups) {
        std::erase_if(group, [&](const std::string& task) { return !contains(tasks, task); });
    }
    std::erase_if(plan.groups, [](const std::vector<std::string>& group) { return group.empty(); });
    return plan;
}

bool has_merged_branch(const MergePlan& plan) {
    return std::any_of(plan.groups.begin(), plan.groups.end(), [](const auto& group) { return group.size() > 1; });
}

std::string folder_name(const CellKey& cell, std::uint64_t seed) {
    std::string plan = cell.plan;
    for (std::size_t at = plan.find(" | "); at != std::string::npos; at = plan.find(" | ")) plan.replace(at, 3, "_");
    std::string name = plan + (cell.boxes.empty() ? "" : "-" + cell.boxes) + "-" + cell.variant;
    for (char& c : name) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_plain && std::string("+_.-").find(c) == std::string::npos) c = '-';
    }
    return "runs/" + name.substr(0, kLongestName) + "-" + std::to_string(seed);
}

/// Builds the runs of a grid.
class GridExpansion {
public:
    explicit GridExpansion(const AblationGrid& grid) : grid_(grid) {}

    std::vector<AblationRun> runs() {
        const RunConfig base = load_run_config(grid_.base);
        if (base.validation.empty()) {
            throw ConfigError(
                ErrorText{grid_.base + ":/validation", "missing", "data sets to judge the runs on", "", ""});
        }
        std::vector<std::vector<std::string>> sets = grid_.task_sets;
        if (sets.empty()) {
            for (const Task& task : base.model.tasks) all_.push_back(task.name);
            sets.push_back(all_);
        }
        for (const std::vector<std::string>& tasks : sets) {
            for (std::size_t p = 0; p < grid_.plans.size(); ++p) add_plan(base, p, tasks);
        }
        return std::move(runs_);
    }

private:
    void add_plan(const RunConfig& base, std::size_t index, const std::vector<std::string>& tasks) {
        const AblationPlan& entry = grid_.plans[index];
        const std::string where = "plans/" + std::to_string(index);
        const MergePlan plan = cut_plan(checked_plan(entry.plan, base.model.tasks, where), tasks);
        CellKey cell{plan_text(plan), has_merged_branch(plan) ? entry.boxes : "", ""};
        for (const AblationVariant& variant : grid_.variants) {
            cell.variant = variant.name;
            for (const std::uint64_t seed : grid_.seeds) {
                if (!known_.insert({cell, seed}).second) continue;
                add_run({cell, seed, folder_name(cell, seed), config_of(variant, plan, cell, seed, tasks)});
            }
        }
    }

    RunConfig config_of(const AblationVariant& variant, const MergePlan& plan, const CellKey& cell, std::uint64_t seed,
                        const std::vector<std::string>& tasks) const {
        std::vector<std::string> overrides = variant.overrides;
        overrides.push_back("/train/seed=" + std::to_string(seed));
        RunConfig config = load_run_config(grid_.base, overrides);
        if (tasks.size() < config.model.tasks.size()) config = restrict_to_tasks(std::move(config), tasks);
        return regrouped(config, plan, cell.boxes);
    }

    void add_run(AblationRun run) {
        if (folders_.insert(run.folder).second) return runs_.push_back(std::move(run));
        throw ConfigError(ErrorText{run.folder,
                                    "two runs have this folder, one of them \"" + cell_label(run.cell) + "\"",
                                    "names that differ in letters and digits", "", "rename a variant"});
    }

    const AblationGrid& grid_;
    std::vector<std::string> all_;
    std::vector<AblationRun> runs_;
    std::set<std::pair<CellKey, std::uint64_t>> known_;
    std::set<std::string> folders_;
};

} // namespace

std::vector<AblationRun> runs_of(const AblationGrid& grid) { return GridExpansion(grid).runs(); }

} // namespace banyan
