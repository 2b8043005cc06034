#include "data/dataset_list.h"

#include <algorithm>
#include <utility>

#include "core/config_reader.h"

namespace banyan {

namespace {

/// Every class of the run that the map, the states and the rules of a data set name.
std::vector<std::string> named_classes(const DatasetOptions& dataset) {
    std::vector<std::string> names;
    for (const auto& [source, ours] : dataset.classes) names.push_back(ours);
    for (const auto& [name, state] : dataset.labels) names.push_back(name);
    for (const auto& [without, classes] : dataset.absent_without) {
        names.push_back(without);
        names.insert(names.end(), classes.begin(), classes.end());
    }
    return names;
}

/// Whether the map or the states name a class of the table. What lists and rules tell of further classes is welcome but
/// not worth a share of every batch.
bool labels_any_of(const ClassTable& table, const DatasetOptions& dataset) {
    return std::any_of(dataset.classes.begin(), dataset.classes.end(),
                       [&](const auto& entry) { return table.find_class(entry.second); }) ||
           std::any_of(dataset.labels.begin(), dataset.labels.end(),
                       [&](const auto& entry) { return table.find_class(entry.first); });
}

} // namespace

bool names_single_pictures(const DatasetOptions& dataset) {
    return !dataset.image_labels.empty() || !dataset.ignore_regions.empty() || !dataset.absent_without.empty();
}

void add_other_classes(DatasetOptions& dataset, const std::vector<std::string>& names, const ClassTable& table) {
    for (const std::string& name : names) {
        const bool is_listed =
            std::find(dataset.other_classes.begin(), dataset.other_classes.end(), name) != dataset.other_classes.end();
        if (!table.find_class(name) && !is_listed) dataset.other_classes.push_back(name);
    }
}

DatasetOptions with_other_classes(DatasetOptions dataset, const ClassTable& table) {
    add_other_classes(dataset, named_classes(dataset), table);
    return dataset;
}

std::vector<DatasetOptions> datasets_for(std::vector<DatasetOptions> datasets, const ClassTable& table) {
    std::erase_if(datasets, [&](const DatasetOptions& dataset) { return !labels_any_of(table, dataset); });
    for (DatasetOptions& dataset : datasets) {
        if (names_single_pictures(dataset)) {
            dataset = with_other_classes(std::move(dataset), table);
            continue;
        }
        std::erase_if(dataset.classes, [&](const auto& entry) { return !table.find_class(entry.second); });
        std::erase_if(dataset.labels, [&](const auto& entry) { return !table.find_class(entry.first); });
    }
    return datasets;
}

std::vector<DatasetOptions> load_dataset_list(const std::string& path, const std::string& key) {
    ConfigReader reader = ConfigReader::from_file(path);
    if (reader.has("schema_version")) reader.integer("schema_version", 1, 1);
    return parse_datasets(reader, key);
}

} // namespace banyan
