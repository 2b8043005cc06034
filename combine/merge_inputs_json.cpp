#include <algorithm>
#include <array>
#include <string>

#include <nlohmann/json.hpp>

#include "combine/merge_auto.h"
#include "core/atomic_file.h"
#include "core/hash.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kFree{"max_drop_points", "try_all"}; // decide nothing that is kept
constexpr std::array kGrowing{"seeds", "candidates"};     // what is there is the beginning of more

template <typename List>
bool contains(const List& list, const std::string& key) {
    return std::any_of(list.begin(), list.end(), [&](const char* entry) { return key == entry; });
}

bool goes_on(const std::string& key, const Json& before, const Json& now) {
    if (before == now || contains(kFree, key)) return true;
    return contains(kGrowing, key) && before.is_number() && now.is_number() && now > before;
}

Json plans_json(const std::vector<MergePlan>& plans) {
    Json texts = Json::array();
    for (const MergePlan& plan : plans) texts.push_back(plan_text(plan));
    return texts;
}

} // namespace

std::string merge_inputs_json(const MergeAutoOptions& options) {
    const MeasureOptions& measure = options.measure;
    const std::string model_hash = measure.model.empty() ? "" : hash_text(read_file(measure.model));
    return Json{{"schema_version", 1},
                {"config_hash", hash_text(options.config.effective)},
                {"model_hash", model_hash},
                {"every", measure.every},
                {"probes", measure.probes},
                {"rows", measure.probe.rows},
                {"pairs", measures_pairs(options.config, measure)},
                {"pair_pictures", measure.pair_pictures},
                {"shared_boxes", measure.boxes == BoxOutputs::shared},
                {"budget", merge_budget_text(options.budget)},
                {"plans", plans_json(options.plans)},
                {"target", options.target},
                {"heal_steps", options.heal_steps},
                {"trunk_lr_scale", options.trunk_lr_scale},
                {"heal_set", options.heal_set},
                {"seeds", options.seeds},
                {"candidates", options.candidates},
                {"max_drop_points", options.max_drop},
                {"try_all", options.try_all}}
               .dump(2) +
           "\n";
}

std::string merge_inputs_difference(const std::string& begun, const std::string& now) {
    const Json before = Json::parse(begun, nullptr, /*allow_exceptions=*/false), after = Json::parse(now);
    if (!before.is_object()) return "auto.json is damaged";
    std::string text;
    for (const auto& [key, value] : after.items()) {
        const Json was = before.contains(key) ? before.at(key) : Json();
        if (goes_on(key, was, value)) continue;
        text += (text.empty() ? "" : "; ") + key + " was " + was.dump() + ", is " + value.dump();
    }
    return text;
}

} // namespace banyan
