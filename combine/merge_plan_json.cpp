#include <nlohmann/json.hpp>

#include "combine/merge_plan.h"
#include "core/error.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(const std::string& where, const std::string& found) {
    throw ConfigError(ErrorText{where, "not a group of a plan",
                                "a list of task names, or an object with a list \"tasks\"", found, ""});
}

std::vector<std::string> group_of(const nlohmann::json& entry, const std::string& where) {
    const nlohmann::json* list = &entry;
    if (entry.is_object() && entry.contains("tasks")) list = &entry.at("tasks");
    if (!list->is_array()) refuse(where, entry.dump());
    std::vector<std::string> tasks;
    for (const nlohmann::json& task : *list) {
        if (!task.is_string()) refuse(where, entry.dump());
        tasks.push_back(task.get<std::string>());
    }
    return tasks;
}

} // namespace

std::string plan_json(const MergePlan& plan) {
    return Json{{"schema_version", 1}, {"groups", plan.groups}}.dump(2) + "\n";
}

MergePlan load_plan(const std::string& path) {
    const ConfigReader reader = ConfigReader::from_file(path);
    const nlohmann::json& root = reader.json();
    if (!root.contains("groups") || !root.at("groups").is_array()) {
        throw ConfigError(ErrorText{path, "not a plan", "a list \"groups\"", "none", ""});
    }
    if (root.contains("schema_version") && root.at("schema_version") != 1) {
        throw ConfigError(ErrorText{path + ":/schema_version", "another version of plan files", "1",
                                    root.at("schema_version").dump(), "update banyan"});
    }
    MergePlan plan;
    std::size_t index = 0;
    for (const nlohmann::json& entry : root.at("groups")) {
        plan.groups.push_back(group_of(entry, path + ":/groups/" + std::to_string(index++)));
    }
    return plan;
}

} // namespace banyan
