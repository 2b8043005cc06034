#include <algorithm>
#include <utility>

#include "core/error.h"
#include "data/label_lists.h"

namespace banyan {

namespace {

struct AbsenceRule {
    int without = 0;          ///< where this class has no instance
    std::vector<int> classes; ///< these have none either
};

int class_of(const std::string& name, const std::string& where, const ClassTable& table) {
    const auto id = table.find_class(name);
    if (id) return *id;
    throw ConfigError(
        {where, "unknown class \"" + name + "\"", "a class of a task", "", class_hint(name, table.class_names())});
}

std::vector<AbsenceRule> rules_of(const DatasetOptions& options, const ClassTable& table) {
    std::vector<AbsenceRule> rules;
    for (const auto& [without, classes] : options.absent_without) {
        const std::string where = options.where + "/absent_without/" + without;
        AbsenceRule rule{class_of(without, where, table), {}};
        for (const std::string& name : classes) {
            rule.classes.push_back(class_of(name, where, table));
            if (rule.classes.back() != rule.without) continue;
            throw ConfigError({where, "a class implies itself", "other classes", "\"" + name + "\"", ""});
        }
        rules.push_back(std::move(rule));
    }
    return rules;
}

bool has_box(const Labels& labels, int class_id) {
    return std::any_of(labels.boxes.begin(), labels.boxes.end(),
                       [&](const LabelledBox& box) { return box.class_id == class_id; });
}

/// A dropped box tells of an instance, too.
bool is_verified_empty(const Record& record, int class_id) {
    const Labels& labels = record.labels;
    const LabelState state = labels.states[static_cast<std::size_t>(class_id)];
    if (state != LabelState::exhaustive) return state == LabelState::absent;
    const bool may_hide_one = std::any_of(labels.ignore.begin(), labels.ignore.end(), [&](const IgnoreRegion& region) {
        return region.class_id == -1 || region.class_id == class_id;
    });
    const bool is_unplaced =
        std::find(record.unplaced.begin(), record.unplaced.end(), class_id) != record.unplaced.end();
    return !may_hide_one && !is_unplaced && !has_box(labels, class_id);
}

/// True if a state changed.
bool apply(const AbsenceRule& rule, Record& record, std::vector<std::size_t>& counts) {
    if (!is_verified_empty(record, rule.without)) return false;
    Labels& labels = record.labels;
    bool changed = false;
    for (const int class_id : rule.classes) {
        LabelState& state = labels.states[static_cast<std::size_t>(class_id)];
        if (state != LabelState::unknown || has_box(labels, class_id)) continue;
        state = LabelState::absent;
        ++counts[static_cast<std::size_t>(class_id)];
        changed = true;
    }
    return changed;
}

} // namespace

void apply_absence_rules(const ListedDataset& dataset) {
    const std::vector<AbsenceRule> rules = rules_of(dataset.options, dataset.table);
    std::vector<std::size_t> counts(static_cast<std::size_t>(dataset.table.size()), 0);
    for (Record& record : dataset.checked.records) {
        bool changed = true;
        while (changed) { // each pass makes at least one more class absent
            changed = false;
            for (const AbsenceRule& rule : rules) changed = apply(rule, record, counts) || changed;
        }
    }
    for (std::size_t id = 0; id < counts.size(); ++id) {
        if (counts[id] == 0) continue;
        dataset.checked.notes.push_back(
            dataset.table.class_name(static_cast<int>(id)) + ": absent in " + std::to_string(counts[id]) + " of " +
            std::to_string(dataset.checked.records.size()) + " pictures by \"absent_without\"");
    }
}

} // namespace banyan
