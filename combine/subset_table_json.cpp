#include <cmath>
#include <limits>
#include <set>

#include "combine/subset_table.h"
#include "core/config_reader.h"
#include "core/error.h"

namespace banyan {

namespace {

constexpr double kMost = std::numeric_limits<double>::max();
constexpr double kLeast = std::numeric_limits<double>::lowest();
constexpr double kMostCost = 1e12;

std::vector<std::string> task_list(ConfigReader& reader) {
    const std::vector<std::string> tasks = reader.texts("tasks");
    if (tasks.size() < 2 || tasks.size() > kMostTasks) {
        throw DataError(ErrorText{reader.where("tasks"), "not the tasks of a table of networks",
                                  "2 to " + std::to_string(kMostTasks) + " names", std::to_string(tasks.size()), ""});
    }
    if (std::set<std::string>(tasks.begin(), tasks.end()).size() < tasks.size()) {
        throw DataError(ErrorText{reader.where("tasks"), "a name twice", "a name for each task", "", ""});
    }
    return tasks;
}

/// Places of the network's tasks in the table's list.
std::vector<std::size_t> places_of(ConfigReader& reader, const std::vector<std::string>& tasks) {
    std::vector<std::size_t> places;
    std::set<std::string> known;
    for (const std::string& name : reader.texts("tasks")) {
        const auto found = std::find(tasks.begin(), tasks.end(), name);
        if (found == tasks.end() || !known.insert(name).second) {
            throw DataError(ErrorText{reader.where("tasks"), "not tasks of the table, each once",
                                      "names of its list \"tasks\"", "\"" + name + "\"",
                                      found == tasks.end() ? did_you_mean(name, tasks) : ""});
        }
        places.push_back(static_cast<std::size_t>(found - tasks.begin()));
    }
    if (!places.empty()) return places;
    throw DataError(ErrorText{reader.where("tasks"), "a network without a task", "one at least", "none", ""});
}

GroupCandidate network_of(ConfigReader& reader, const std::vector<std::string>& tasks) {
    GroupCandidate network;
    network.cost = reader.real("cost", 0, kMostCost);
    if (network.cost <= 0) {
        throw DataError(ErrorText{reader.where("cost"), "a network without cost", "a number above 0", "0", ""});
    }
    network.losses.assign(tasks.size(), std::numeric_limits<double>::quiet_NaN());
    const bool has_errors = reader.has("errors");
    ConfigReader losses = reader.object("losses"), errors = reader.optional_object("errors");
    if (has_errors) network.variances.assign(tasks.size(), 0);
    for (const std::size_t place : places_of(reader, tasks)) {
        network.tasks |= TaskSet{1} << place;
        network.losses[place] = losses.real(tasks[place], kLeast, kMost);
        const double error = errors.real(tasks[place], 0, std::sqrt(kMost), 0.0);
        if (has_errors) network.variances[place] = error * error;
    }
    losses.finish();
    errors.finish();
    reader.finish();
    return network;
}

SubsetTable table_of(ConfigReader reader, const std::string& name) {
    reader.integer("schema_version", 1, 1);
    SubsetTable table;
    table.file = name;
    table.tasks = task_list(reader);
    for (ConfigReader& network : reader.objects("networks")) {
        table.networks.push_back(network_of(network, table.tasks));
        table.places.push_back(network.where());
    }
    reader.finish();
    check_subset_table(table);
    return table;
}

} // namespace

SubsetTable parse_subset_table_json(const std::string& text, const std::string& name) {
    try {
        return table_of(ConfigReader::from_text(text, name), name);
    } catch (const ConfigError& error) {
        throw DataError(error.what()); // a table is data, not a config
    }
}

} // namespace banyan
