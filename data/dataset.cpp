#include "data/dataset.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/log.h"

namespace banyan {
namespace {

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

/// The data set has pictures in which the class is exhaustive or partial.
bool labels_class(const Dataset& dataset, std::size_t class_id) {
    return std::any_of(dataset.records().begin(), dataset.records().end(),
                       [&](const Record& record) { return may_have_boxes(record.labels.states.at(class_id)); });
}

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

std::vector<StateCounts> Dataset::state_counts() const {
    std::vector<StateCounts> counts(states_.size());
    for (const Record& record : records_) {
        for (std::size_t id = 0; id < states_.size(); ++id) {
            const auto state = std::find(kLabelStates.begin(), kLabelStates.end(), record.labels.states.at(id));
            ++counts[id][static_cast<std::size_t>(state - kLabelStates.begin())];
        }
    }
    return counts;
}

std::uint64_t Dataset::fingerprint() const {
    std::uint64_t hash = hash_bytes("data set 1"); // another number where what is hashed changes
    for (const Record& record : records_) hash = record_hash(record, hash);
    return hash;
}

std::string describe(const Dataset& dataset, const ClassTable& table) {
    const std::vector<std::int64_t> boxes = dataset.box_counts();
    const std::vector<StateCounts> counts = dataset.state_counts();
    std::string box_text, state_text;
    for (int id = 0; id < table.size(); ++id) {
        const auto k = static_cast<std::size_t>(id);
        const std::string& name = table.class_name(id);
        if (boxes[k] > 0) box_text += (box_text.empty() ? "" : ", ") + name + " " + std::to_string(boxes[k]);
        std::string states;
        for (std::size_t state = 0; state < kLabelStates.size(); ++state) {
            if (counts[k][state] == 0) continue;
            states += (states.empty() ? " " : ", ") + std::to_string(counts[k][state]) + " " +
                      label_state_name(kLabelStates[state]);
        }
        if (!states.empty()) state_text += (state_text.empty() ? "" : "; ") + name + states;
    }
    return std::to_string(dataset.size()) + " pictures; boxes: " + (box_text.empty() ? "none" : box_text) +
           "; states: " + state_text;
}

void check_label_coverage(const std::vector<Dataset>& datasets, const ClassTable& table) {
    std::vector<std::vector<std::int64_t>> box_counts;
    for (const Dataset& dataset : datasets) box_counts.push_back(dataset.box_counts());
    std::string unlabelled;
    for (int id = 0; id < table.size(); ++id) {
        const auto index = static_cast<std::size_t>(id);
        bool labelled = false;
        std::int64_t boxes = 0;
        for (std::size_t d = 0; d < datasets.size(); ++d) {
            if (!labels_class(datasets[d], index)) continue;
            labelled = true;
            boxes += box_counts[d].at(index);
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
