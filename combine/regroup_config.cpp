#include <algorithm>

#include <nlohmann/json.hpp>

#include "combine/regroup.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

/// The branch as the config writes it that serves the task.
Json branch_with(const Json& branches, const ModelOptions& model, const std::string& task) {
    const auto serves = [&](const BranchOptions& branch) {
        return std::find(branch.tasks.begin(), branch.tasks.end(), task) != branch.tasks.end();
    };
    const auto found = std::find_if(model.branches.begin(), model.branches.end(), serves);
    return branches.at(static_cast<std::size_t>(found - model.branches.begin())); // one entry a branch, in their order
}

} // namespace

RunConfig regrouped(const RunConfig& config, const MergePlan& plan, const std::string& boxes) {
    Json root = Json::parse(config.effective);
    Json branches = Json::array();
    for (const std::vector<std::string>& group : checked_plan(plan, config.model.tasks, "plan").groups) {
        Json branch = branch_with(root.at("model").at("branches"), config.model, group.front());
        branch["name"] = branch_name_of(group);
        branch["tasks"] = group;
        if (group.size() > 1 && !boxes.empty()) branch["head"]["boxes"] = boxes;
        branches.push_back(std::move(branch));
    }
    root["model"]["branches"] = std::move(branches);
    return run_config_from_text(root.dump(2), "plan \"" + plan_text(plan) + "\"");
}

} // namespace banyan
