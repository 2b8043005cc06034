#include <algorithm>
#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include "combine/group_costs.h"
#include "core/config_reader.h"
#include "core/error.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kMostMs = 1e9;
constexpr std::int64_t kMostCount = std::numeric_limits<std::int64_t>::max();

GroupCost group_cost(ConfigReader& reader) {
    GroupCost group;
    group.tasks = reader.texts("tasks");
    group.latency_ms = reader.real("latency_ms", 0, kMostMs);
    group.error_ms = reader.real("error_ms", 0, kMostMs, 0.0);
    group.macs = reader.integer("macs", 0, kMostCount, 0);
    group.bytes = reader.integer("bytes", 0, kMostCount, 0);
    reader.finish();
    if (group.latency_ms > 0) return group;
    throw DataError(ErrorText{reader.where("latency_ms"), "a branch without cost", "a number above 0", "0", ""});
}

/// @throws DataError the tasks are none, or one of them is there twice, or the group itself
void check_group(const GroupCost& group, const std::string& where, std::set<std::set<std::string>>& known) {
    const std::set<std::string> tasks(group.tasks.begin(), group.tasks.end());
    if (tasks.empty() || tasks.size() < group.tasks.size()) {
        throw DataError(
            ErrorText{where, "not a group", "tasks, each once", tasks.empty() ? "none" : "one of them twice", ""});
    }
    if (!known.insert(tasks).second) throw DataError(ErrorText{where, "a group that was given before", "", "", ""});
}

GroupCosts parsed(ConfigReader reader) {
    GroupCosts costs;
    reader.integer("schema_version", 1, 1);
    reader.choice<int>("unit", {{"ms", 0}});
    costs.target = reader.text("target", "");
    costs.trunk_ms = reader.real("trunk", 0, kMostMs);
    costs.trunk_error_ms = reader.real("trunk_error", 0, kMostMs, 0.0);
    costs.trunk_macs = reader.integer("trunk_macs", 0, kMostCount, 0);
    costs.trunk_bytes = reader.integer("trunk_bytes", 0, kMostCount, 0);
    std::set<std::set<std::string>> known;
    for (ConfigReader& group : reader.objects("groups")) {
        costs.groups.push_back(group_cost(group));
        check_group(costs.groups.back(), group.where("tasks"), known);
    }
    reader.finish();
    if (!costs.groups.empty()) return costs;
    throw DataError(ErrorText{reader.where("groups"), "no group", "one at least", "", "measure them anew"});
}

} // namespace

std::string group_costs_json(const GroupCosts& costs) {
    Json groups = Json::array();
    for (const GroupCost& group : costs.groups) {
        groups.push_back({{"tasks", group.tasks},
                          {"latency_ms", group.latency_ms},
                          {"error_ms", group.error_ms},
                          {"macs", group.macs},
                          {"bytes", group.bytes}});
    }
    const Json json{{"schema_version", 1},
                    {"unit", "ms"},
                    {"target", costs.target},
                    {"trunk", costs.trunk_ms},
                    {"trunk_error", costs.trunk_error_ms},
                    {"trunk_macs", costs.trunk_macs},
                    {"trunk_bytes", costs.trunk_bytes},
                    {"groups", groups}};
    return json.dump(2) + "\n";
}

GroupCosts load_group_costs(const std::string& path) {
    try {
        return parsed(ConfigReader::from_file(path));
    } catch (const ConfigError& error) {
        throw DataError(error.what()); // a measured file, not a config of the user's
    }
}

} // namespace banyan
