#include "data/dataset.h"

#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/hash.h"
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

/// Fields as bytes, each with its length or of a fixed one, so that no two records have the same.
class RecordHasher {
public:
    void number(std::int64_t value) { append(&value, sizeof value); }

    void text(const std::string& text) {
        number(static_cast<std::int64_t>(text.size()));
        bytes_ += text;
    }

    void box(const Box& box) {
        for (const float value : {box.x0, box.y0, box.x1, box.y1}) append(&value, sizeof value);
    }

    void polygon(const Polygon& polygon) {
        number(static_cast<std::int64_t>(polygon.corners.size()));
        for (const Point& corner : polygon.corners) {
            for (const float value : {corner.x, corner.y}) append(&value, sizeof value);
        }
    }

    void states(const std::vector<LabelState>& states) {
        number(static_cast<std::int64_t>(states.size()));
        append(states.data(), states.size() * sizeof(LabelState));
    }

    std::uint64_t after(std::uint64_t before) const { return hash_bytes(bytes_, before); }

private:
    void append(const void* data, std::size_t count) { bytes_.append(static_cast<const char*>(data), count); }

    std::string bytes_;
};

std::uint64_t record_hash(const Record& record, std::uint64_t before) {
    const Labels& labels = record.labels;
    RecordHasher hash;
    hash.text(record.name);
    for (const std::int64_t value : {std::int64_t{record.width}, std::int64_t{record.height}}) hash.number(value);
    for (const std::size_t count : {labels.boxes.size(), labels.ignore.size(), labels.regions.size()}) {
        hash.number(static_cast<std::int64_t>(count));
    }
    for (const LabelledBox& labelled : labels.boxes) {
        hash.number(labelled.class_id);
        hash.box(labelled.box);
    }
    for (const IgnoreRegion& region : labels.ignore) {
        hash.number(region.class_id);
        hash.polygon(region.area);
    }
    hash.states(labels.states);
    for (const LabelRegion& region : labels.regions) {
        hash.polygon(region.area);
        hash.states(region.states);
    }
    return hash.after(before);
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

std::uint64_t Dataset::fingerprint() const {
    std::uint64_t hash = hash_bytes("data set 1"); // another number where what is hashed changes
    for (const Record& record : records_) hash = record_hash(record, hash);
    return hash;
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
