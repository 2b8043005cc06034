#include "data/class_map.h"

#include <algorithm>
#include <cstddef>

#include "core/error.h"
#include "core/nearest_word.h"

namespace banyan {
namespace {

constexpr const char* kAllOthers = "*";

std::string place_in(const DatasetOptions& options, const std::string& key) {
    const std::string place = options.where.empty() ? "data set \"" + options.name + "\"" : options.where;
    return key.empty() ? place : place + "/" + key;
}

int class_id_of(const std::string& name, const ClassTable& table, const std::string& where) {
    const auto id = table.find_class(name);
    if (id) return *id;
    throw ConfigError(
        {where, "unknown class \"" + name + "\"", "a class of a task", "", class_hint(name, table.class_names())});
}

void map_source(const std::string& source, int class_id, const std::vector<std::string>& source_classes,
                std::vector<int>& class_of_source) {
    for (std::size_t i = 0; i < source_classes.size(); ++i) {
        const bool matches = source == kAllOthers ? class_of_source[i] < 0 : source == source_classes[i];
        if (matches) class_of_source[i] = class_id;
    }
}

void set_state(const DatasetOptions& options, const std::string& name, LabelState state, LabelState& target) {
    const bool is_mapped = target == LabelState::exhaustive;
    const bool has_boxes = may_have_boxes(state);
    const bool may_be_listed = state == LabelState::unknown && !options.image_labels.empty();
    if (is_mapped && !has_boxes && !may_be_listed) {
        throw ConfigError({place_in(options, "labels/" + name),
                           "a class of the map cannot be " + std::string(label_state_name(state)),
                           "\"exhaustive\" or \"partial\", or \"unknown\" with \"image_labels\"", "",
                           "take it out of \"classes\""});
    }
    if (!is_mapped && has_boxes) {
        throw ConfigError({place_in(options, "labels/" + name),
                           std::string(label_state_name(state)) + " but no source class is mapped to it",
                           "an entry of \"classes\"", "", "\"absent\" says that a class is verified not to be there"});
    }
    target = state;
}

/// What a picture tells of the source classes that are mapped to one class.
struct ToldOfClass {
    bool is_mapped = false;
    bool all_absent = true, all_known = true;
    bool any_partial = false, any_boxed = false;
};

LabelState state_of(const ToldOfClass& told, LabelState in_dataset) {
    if (!told.is_mapped) return in_dataset;
    if (told.all_absent) return LabelState::absent;
    if (in_dataset != LabelState::exhaustive) return in_dataset;
    if (told.any_partial) return LabelState::partial;
    if (told.all_known) return LabelState::exhaustive;
    return told.any_boxed ? LabelState::partial : LabelState::unknown;
}

} // namespace

std::string class_hint(const std::string& word, const std::vector<std::string>& names) {
    const std::string hint = did_you_mean(word, names);
    if (!hint.empty()) return hint;
    constexpr std::size_t kListed = 12;
    std::string list = "there are";
    for (std::size_t i = 0; i < std::min(kListed, names.size()); ++i) {
        list += (i == 0 ? " \"" : ", \"") + names[i] + "\"";
    }
    return names.size() > kListed ? list + ", …" : list;
}

ClassMap map_classes(const DatasetOptions& options, const std::vector<std::string>& source_classes,
                     const ClassTable& table) {
    ClassMap map;
    map.class_of_source.assign(source_classes.size(), -1);
    map.states.assign(static_cast<std::size_t>(table.size()), LabelState::unknown);
    for (const bool others : {false, true}) { // named classes first, whatever their order
        for (const auto& [source, ours] : options.classes) {
            if ((source == kAllOthers) != others) continue;
            const std::string where = place_in(options, "classes/" + source);
            if (!others && std::find(source_classes.begin(), source_classes.end(), source) == source_classes.end()) {
                throw ConfigError({where, "the data set has no class \"" + source + "\"", "a class of the data set", "",
                                   class_hint(source, source_classes)});
            }
            const int class_id = class_id_of(ours, table, where);
            map_source(source, class_id, source_classes, map.class_of_source);
            map.states[static_cast<std::size_t>(class_id)] = LabelState::exhaustive;
        }
    }
    for (const auto& [name, state] : options.labels) {
        const int class_id = class_id_of(name, table, place_in(options, "labels/" + name));
        set_state(options, name, state, map.states[static_cast<std::size_t>(class_id)]);
    }
    const bool tells_nothing = std::all_of(map.states.begin(), map.states.end(),
                                           [](LabelState state) { return state == LabelState::unknown; });
    if (tells_nothing && options.image_labels.empty()) {
        throw ConfigError({place_in(options, "classes"), "the data set labels no class", "at least one", "", ""});
    }
    return map;
}

std::vector<LabelState> picture_states(const ClassMap& map, const SourcePicture& picture) {
    const std::size_t sources = map.class_of_source.size();
    std::vector<bool> absent(sources), partial(sources), boxed(sources);
    for (const int source : picture.absent) absent[static_cast<std::size_t>(source)] = true;
    for (const int source : picture.partial) partial[static_cast<std::size_t>(source)] = true;
    for (const SourceBox& box : picture.boxes) boxed[static_cast<std::size_t>(box.source_class)] = true;
    std::vector<ToldOfClass> told(map.states.size());
    for (std::size_t source = 0; source < sources; ++source) {
        if (map.class_of_source[source] < 0) continue;
        ToldOfClass& of_class = told[static_cast<std::size_t>(map.class_of_source[source])];
        of_class.is_mapped = true;
        of_class.all_absent = of_class.all_absent && absent[source];
        of_class.all_known = of_class.all_known && (!picture.is_federated || absent[source] || boxed[source]);
        of_class.any_partial = of_class.any_partial || partial[source];
        of_class.any_boxed = of_class.any_boxed || boxed[source];
    }
    std::vector<LabelState> states = map.states;
    for (std::size_t k = 0; k < states.size(); ++k) states[k] = state_of(told[k], states[k]);
    return states;
}

} // namespace banyan
