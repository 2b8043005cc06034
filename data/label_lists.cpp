#include "data/label_lists.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/nearest_word.h"
#include "data/list_file.h"
#include "data/listed_state.h"
#include "data/verified_labels.h"

namespace banyan {

namespace {

constexpr const char* kAll = "*";

std::optional<LabelState> try_state(const std::string& name) {
    for (const LabelState state : kLabelStates) {
        if (name == label_state_name(state)) return state;
    }
    return std::nullopt;
}

ListedBy kind_of(const std::string& name, const ClassTable& table) {
    if (name == kAll) return ListedBy::everything;
    return table.find_class(name) ? ListedBy::class_name : ListedBy::task;
}

bool is_mapped(const ClassMap& map, int class_id) {
    return std::find(map.class_of_source.begin(), map.class_of_source.end(), class_id) != map.class_of_source.end();
}

/// Reads the rows of one list "image, class, state".
void read_states(std::string_view text, const std::string& path, const ListedDataset& dataset,
                 std::vector<ListedState>& states, DataProblems& problems) {
    for (const ListRow& row : parse_list(text, path, {{"image"}, {"class"}, {"state"}}, problems)) {
        const std::string& name = row.texts[1];
        const std::vector<int> classes = listed_classes(name, row.where, dataset.table, problems);
        const auto state = try_state(row.texts[2]);
        if (!state) {
            problems.add({row.where, "unknown state \"" + row.texts[2] + "\"", "exhaustive, partial, absent or unknown",
                          "", did_you_mean(row.texts[2], {"exhaustive", "partial", "absent", "unknown"})});
        }
        const auto record = dataset.pictures.require(row.texts[0], row.where, problems);
        if (!record || !state) continue;
        const ListedBy by = kind_of(name, dataset.table);
        for (const int class_id : classes) {
            const bool can_have_boxes = is_mapped(dataset.map, class_id);
            if (can_have_boxes || !may_have_boxes(*state)) {
                states.push_back({*record, class_id, *state, by, row.where});
            } else if (by == ListedBy::class_name) {
                problems.add({row.where, "\"" + name + "\" is " + row.texts[2] + " but no source class is mapped to it",
                              "an entry of \"classes\"", "",
                              "\"absent\" says that a class is verified not to be there"});
            }
        }
    }
}

std::size_t count_boxes(const Record& record, int class_id) {
    return static_cast<std::size_t>(std::count_if(record.labels.boxes.begin(), record.labels.boxes.end(),
                                                  [&](const LabelledBox& box) { return box.class_id == class_id; }));
}

/// The states of one picture and class, the closest first: they must agree as far as they are equally close.
void apply_states(const ListedState* begin, const ListedState* end, const ListedDataset& dataset,
                  DataProblems& problems) {
    Record& record = dataset.checked.records[begin->record];
    const std::string& name = dataset.table.class_name(begin->class_id);
    for (const ListedState* other = begin + 1; other != end && other->by == begin->by; ++other) {
        if (other->state == begin->state) continue;
        problems.add({other->where,
                      "\"" + name + "\" is " + label_state_name(other->state) + " in " + record.name + " here but " +
                          label_state_name(begin->state) + " at " + begin->where,
                      "", "", "keep one of the two"});
        return;
    }
    const std::size_t boxes = count_boxes(record, begin->class_id);
    if (begin->state == LabelState::absent && boxes > 0) {
        problems.add({begin->where,
                      "\"" + name + "\" is absent from " + record.name + " but the picture has " +
                          std::to_string(boxes) + (boxes == 1 ? " box of it" : " boxes of it"),
                      "", "", "correct one of the two"});
        return;
    }
    record.labels.states[static_cast<std::size_t>(begin->class_id)] = begin->state;
}

void apply_all(std::vector<ListedState> states, const ListedDataset& dataset, DataProblems& problems) {
    const auto place = [](const ListedState& state) { return std::pair(state.record, state.class_id); };
    std::stable_sort(states.begin(), states.end(), [&](const ListedState& a, const ListedState& b) {
        return place(a) != place(b) ? place(a) < place(b) : a.by > b.by;
    });
    for (std::size_t begin = 0, end = 0; begin < states.size(); begin = end) {
        while (end < states.size() && place(states[end]) == place(states[begin])) ++end;
        apply_states(states.data() + begin, states.data() + end, dataset, problems);
    }
}

} // namespace

std::vector<int> listed_classes(const std::string& name, const std::string& where, const ClassTable& table,
                                DataProblems& problems) {
    if (const auto class_id = table.find_class(name)) return {*class_id};
    const auto task = table.find_task(name);
    std::vector<int> classes;
    std::vector<std::string> names = table.class_names();
    for (int id = 0; id < table.size(); ++id) {
        if (name == kAll || (task && table.task_of(id) == *task)) classes.push_back(id);
    }
    if (!classes.empty()) return classes;
    for (const Task& known : table.tasks()) names.push_back(known.name);
    problems.add({where, "unknown class \"" + name + "\"", "a class, a task or \"*\"", "", class_hint(name, names)});
    return {};
}

void apply_image_labels(const ListedDataset& dataset, DataProblems& problems) {
    std::vector<ListedState> states;
    for (const std::string& list : dataset.options.image_labels) {
        const std::string path = dataset.folder.path(list);
        const std::string text = read_file(path);
        if (is_verified_label_list(text)) {
            read_verified_labels(text, path, dataset, states, problems);
        } else {
            read_states(text, path, dataset, states, problems);
        }
    }
    apply_all(std::move(states), dataset, problems);
}

} // namespace banyan
