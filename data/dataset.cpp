#include "data/dataset.h"

#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/log.h"
#include "data/class_map.h"
#include "data/data_folder.h"
#include "data/data_problems.h"
#include "data/label_readers.h"
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

Dataset load(const DatasetOptions& options, const ClassTable& table, DataProblems& problems) {
    const std::size_t problems_before = problems.count();
    problems.set_prefix(options.name.empty() ? "" : options.name + ": ");
    DataFolder folder(options.root, options.images);
    SourceLabels labels = read_labels(options, folder, problems);
    const bool is_faulty = problems.count() > problems_before;
    ClassMap map;
    try {
        map = map_classes(options, labels.classes, table);
    } catch (const ConfigError&) {
        if (!is_faulty) throw;
        return {}; // classes may be missing because their file is cut off: the data's faults come first
    }
    CheckedRecords checked = build_records(std::move(labels), map, folder, problems);
    if (checked.records.empty() && problems.count() == problems_before) {
        problems.add(
            {folder.root(), "the data set has no pictures", "at least one", "", "check \"images\" and \"split\""});
    }
    Dataset dataset(options.name, std::move(checked.records), map.states, options.ratio);
    dataset.set_warnings(std::move(checked.warnings));
    return dataset;
}

bool is_labelled(LabelState state) { return state == LabelState::exhaustive || state == LabelState::partial; }

} // namespace

Dataset::Dataset(std::string name, std::vector<Record> records, std::vector<LabelState> states, double ratio)
    : name_(std::move(name)), records_(std::move(records)), states_(std::move(states)), ratio_(ratio) {
    BANYAN_CHECK(ratio_ > 0, "Dataset: ratio must be positive, got ", ratio_);
}

std::vector<std::int64_t> Dataset::box_counts() const {
    std::vector<std::int64_t> counts(states_.size(), 0);
    for (const Record& record : records_) {
        for (const LabelledBox& box : record.labels.boxes) ++counts.at(static_cast<std::size_t>(box.class_id));
    }
    return counts;
}

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

void check_label_coverage(const std::vector<Dataset>& datasets, const ClassTable& table) {
    std::string unlabelled;
    for (int id = 0; id < table.size(); ++id) {
        const auto index = static_cast<std::size_t>(id);
        bool labelled = false;
        std::int64_t boxes = 0;
        for (const Dataset& dataset : datasets) {
            if (!is_labelled(dataset.states().at(index))) continue;
            labelled = true;
            boxes += dataset.box_counts().at(index);
        }
        const std::string quoted = "\"" + table.class_name(id) + "\"";
        if (!labelled) unlabelled += (unlabelled.empty() ? "" : ", ") + quoted;
        if (labelled && boxes == 0) log_warning("class " + quoted + " is labelled but no data set has a box of it");
    }
    if (unlabelled.empty()) return;
    throw DataError({"datasets", "no data set labels " + unlabelled, "each class labelled in at least one", "",
                     "map a source class to it, or take it out of its task"});
}

const char* label_state_name(LabelState state) {
    switch (state) {
    case LabelState::unknown: return "unknown";
    case LabelState::partial: return "partial";
    case LabelState::exhaustive: return "exhaustive";
    case LabelState::absent: return "absent";
    }
    return "?";
}

} // namespace banyan
