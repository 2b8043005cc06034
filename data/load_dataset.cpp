#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "data/class_map.h"
#include "data/data_folder.h"
#include "data/data_problems.h"
#include "data/dataset.h"
#include "data/label_lists.h"
#include "data/label_readers.h"
#include "data/picture_index.h"
#include "data/record_builder.h"

namespace banyan {
namespace {

SourceLabels read_labels(const DatasetOptions& options, DataFolder& folder, DataProblems& problems) {
    switch (options.format) {
    case DatasetFormat::coco: return read_coco(options, folder, problems);
    case DatasetFormat::yolo: return read_yolo(options, folder, problems);
    case DatasetFormat::voc: return read_voc(options, folder, problems);
    }
    throw CheckError("load_dataset: unknown format");
}

/// The run's classes and, behind them, the other ones that the options may name.
ClassTable with_other_classes(const ClassTable& table, const std::vector<std::string>& others) {
    std::vector<Task> tasks = table.tasks();
    Task extra{"other_classes", {}};
    for (const std::string& name : others) {
        const bool is_known = table.find_class(name).has_value() ||
                              std::find(extra.classes.begin(), extra.classes.end(), name) != extra.classes.end();
        if (!is_known) extra.classes.push_back(name);
    }
    if (!extra.classes.empty()) tasks.push_back(std::move(extra));
    return ClassTable(std::move(tasks));
}

/// Drops what belongs to classes behind the first `count`.
void keep_classes(std::vector<Record>& records, int count) {
    for (Record& record : records) {
        Labels& labels = record.labels;
        std::erase_if(labels.boxes, [&](const LabelledBox& box) { return box.class_id >= count; });
        std::erase_if(labels.ignore, [&](const IgnoreRegion& region) { return region.class_id >= count; });
        labels.states.resize(static_cast<std::size_t>(count));
    }
}

/// Builds the records and applies the lists and rules.
CheckedRecords records_of(const DatasetOptions& options, const ClassTable& table, const ClassMap& map,
                          DataFolder& folder, SourceLabels labels, DataProblems& problems) {
    const std::string base = labels.base;
    const std::vector<std::string> source_classes = labels.classes;
    CheckedRecords checked = build_records(std::move(labels), map, folder, problems);
    PictureIndex pictures(checked.records, base, folder);
    const ListedDataset listed{options, table, map, source_classes, folder, pictures, checked};
    apply_image_labels(listed, problems);
    apply_ignore_regions(listed, problems);
    apply_absence_rules(listed);
    return checked;
}

Dataset load(const DatasetOptions& options, const ClassTable& table, DataProblems& problems) {
    const std::size_t problems_before = problems.count();
    problems.set_prefix(options.name.empty() ? "" : options.name + ": ");
    DataFolder folder(options.root, options.images);
    SourceLabels labels = read_labels(options, folder, problems);
    const bool is_faulty = problems.count() > problems_before;
    const ClassTable wide = with_other_classes(table, options.other_classes);
    ClassMap map;
    try {
        map = map_classes(options, labels.classes, wide);
    } catch (const ConfigError&) {
        if (!is_faulty) throw;
        return {}; // classes may be missing because their file is cut off: the data's faults come first
    }
    CheckedRecords checked = records_of(options, wide, map, folder, std::move(labels), problems);
    keep_classes(checked.records, table.size());
    map.states.resize(static_cast<std::size_t>(table.size()));
    if (checked.records.empty() && problems.count() == problems_before) {
        problems.add(
            {folder.root(), "the data set has no pictures", "at least one", "", "check \"images\" and \"split\""});
    }
    Dataset dataset(options.name, std::move(checked.records), map.states, options.ratio);
    dataset.set_warnings(std::move(checked.warnings));
    dataset.set_notes(std::move(checked.notes));
    return dataset;
}

} // namespace

Dataset load_dataset(const DatasetOptions& options, const ClassTable& table) {
    DataProblems problems;
    Dataset dataset = load(options, table, problems);
    problems.throw_if_any();
    return dataset;
}

std::vector<Dataset> load_datasets(const std::vector<DatasetOptions>& options, const ClassTable& table) {
    DataProblems problems;
    std::vector<Dataset> datasets;
    for (const DatasetOptions& one : options) datasets.push_back(load(one, table, problems));
    problems.throw_if_any();
    return datasets;
}

} // namespace banyan
