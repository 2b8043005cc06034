#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "combine/ablation_grid.h"
#include "core/error.h"
#include "core/strict_json.h"

namespace banyan {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kShownChanges = 3;

/// The list under a key whose entries may be of several kinds. @throws ConfigError none, or an empty one
const Json& mixed_list(ConfigReader& reader, const std::string& key, const std::string& expected) {
    if (!reader.has(key)) throw ConfigError(ErrorText{reader.where(key), "missing", expected, "", ""});
    const Json& list = reader.json().at(key);
    if (list.is_array() && !list.empty()) return list;
    throw ConfigError(ErrorText{reader.where(key), "", expected, describe_json(list), ""});
}

bool is_list_of_texts(const Json& entry) {
    if (!entry.is_array() || entry.empty()) return false;
    return std::all_of(entry.begin(), entry.end(), [](const Json& item) { return item.is_string(); });
}

MergePlan plan_of_json(const Json& entry, const std::string& where) {
    if (entry.is_string()) return plan_from_text(entry.get_ref<const std::string&>(), where);
    if (!entry.is_array() || entry.empty() || !std::all_of(entry.begin(), entry.end(), is_list_of_texts)) {
        throw ConfigError(ErrorText{where, "not a plan",
                                    "\"person+torso | hand\" or [[\"person\", \"torso\"], [\"hand\"]]",
                                    describe_json(entry), ""});
    }
    return {entry.get<std::vector<std::vector<std::string>>>()};
}

AblationPlan parse_plan(const Json& entry, const std::string& where) {
    if (!entry.is_object()) return {plan_of_json(entry, where), ""};
    ConfigReader reader = ConfigReader::from_text(entry.dump(), where);
    if (!reader.has("groups")) throw ConfigError(ErrorText{reader.where("groups"), "missing", "a plan", "", ""});
    AblationPlan plan{plan_of_json(entry.at("groups"), reader.where("groups")), ""};
    const ConfigReader::Choices<std::string> boxes{{"shared", "shared"}, {"per_task", "per_task"}};
    if (reader.has("boxes")) plan.boxes = reader.choice("boxes", boxes);
    reader.finish();
    return plan;
}

AblationVariant parse_variant(ConfigReader reader) {
    AblationVariant variant;
    variant.name = reader.text("name");
    ConfigReader set = reader.optional_object("set");
    for (const std::string& pointer : set.keys()) {
        variant.overrides.push_back(pointer + "=" + set.json().at(pointer).dump());
    }
    reader.finish();
    return variant;
}

std::vector<std::vector<std::string>> parse_task_sets(ConfigReader& reader) {
    std::vector<std::vector<std::string>> sets;
    if (!reader.has("tasks")) return sets;
    const std::string expected = "a list of lists of task names, e.g. [[\"face\"], [\"face\", \"hand\"]]";
    for (const Json& entry : mixed_list(reader, "tasks", expected)) {
        const std::string where = reader.where("tasks") + "/" + std::to_string(sets.size());
        if (!is_list_of_texts(entry)) {
            throw ConfigError(ErrorText{where, "", "a list of task names", describe_json(entry), ""});
        }
        sets.push_back(entry.get<std::vector<std::string>>());
    }
    return sets;
}

template <typename List, typename NameOf>
void check_distinct(const List& list, const std::string& where, NameOf name_of) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            if (name_of(list[i]) != name_of(list[k])) continue;
            throw ConfigError(ErrorText{where + "/" + std::to_string(i), "is there twice", "", name_of(list[i]), ""});
        }
    }
}

} // namespace

AblationGrid load_ablation(const std::string& path) { return parse_ablation(ConfigReader::from_file(path)); }

AblationGrid parse_ablation(ConfigReader reader) {
    constexpr double kMostHours = 1e5;
    AblationGrid grid;
    reader.integer("schema_version", 1, 1);
    grid.base = resolve_data_path(reader.text("base"), reader.file(), reader.where("base"));
    for (const Json& entry : mixed_list(reader, "plans", "a list of plans")) {
        grid.plans.push_back(parse_plan(entry, reader.where("plans") + "/" + std::to_string(grid.plans.size())));
    }
    if (reader.has("variants")) {
        grid.variants.clear();
        for (ConfigReader& variant : reader.objects("variants")) grid.variants.push_back(parse_variant(variant));
    }
    if (reader.has("seeds")) {
        grid.seeds.clear();
        for (const std::int64_t seed : reader.integers("seeds", 0, std::numeric_limits<std::int64_t>::max())) {
            grid.seeds.push_back(static_cast<std::uint64_t>(seed));
        }
    }
    grid.task_sets = parse_task_sets(reader);
    grid.budget_hours = reader.real("budget_hours", 0.0, kMostHours, grid.budget_hours);
    reader.finish();
    if (grid.variants.empty()) throw ConfigError(ErrorText{reader.where("variants"), "", "at least one", "none", ""});
    if (grid.seeds.empty()) throw ConfigError(ErrorText{reader.where("seeds"), "", "at least one", "none", ""});
    check_distinct(grid.variants, reader.where("variants"), [](const AblationVariant& one) { return one.name; });
    check_distinct(grid.seeds, reader.where("seeds"), [](std::uint64_t seed) { return std::to_string(seed); });
    return grid;
}

std::string config_changes(const std::string& before, const std::string& now) {
    const Json old = Json::parse(before);
    std::string text;
    std::size_t count = 0;
    for (const Json& change : Json::diff(old, Json::parse(now))) {
        if (++count > kShownChanges) continue;
        const std::string pointer = change.at("path").get<std::string>(), kind = change.at("op").get<std::string>();
        text += (text.empty() ? "" : ", ") + pointer;
        const Json::json_pointer place(pointer);
        text += kind == "add" ? " was not there" : " was " + describe_json(old.at(place));
        text += kind == "remove" ? ", is not there" : ", is " + describe_json(change.at("value"));
    }
    if (count > kShownChanges) text += ", and " + std::to_string(count - kShownChanges) + " more";
    return text;
}

} // namespace banyan
