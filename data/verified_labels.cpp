#include "data/verified_labels.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/atomic_file.h"
#include "data/csv.h"
#include "data/parse_number.h"

namespace banyan {

namespace {

constexpr std::string_view kImage = "ImageID", kSource = "Source", kLabel = "LabelName", kConfidence = "Confidence";

/// Positions of the columns; npos where one is missing.
struct Columns {
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
    std::size_t image = kNone, source = kNone, label = kNone, confidence = kNone;

    explicit Columns(const std::vector<std::string>& header) {
        const auto place = [&](std::string_view name) {
            const auto found = std::find(header.begin(), header.end(), name);
            return found == header.end() ? kNone : static_cast<std::size_t>(found - header.begin());
        };
        image = place(kImage);
        source = place(kSource);
        label = place(kLabel);
        confidence = place(kConfidence);
    }
    bool are_complete() const { return image != kNone && label != kNone && confidence != kNone; }
};

/// One used row.
struct Verdict {
    std::size_t record = 0;
    int source_class = 0;
    bool is_there = false;
    std::string where;
};

using SourceOfLabel = std::unordered_map<std::string, int>;

/// Which source class a label name stands for: mapped ones only.
SourceOfLabel sources_of_labels(const ListedDataset& dataset, DataProblems& problems) {
    SourceOfLabel source_of_name, result;
    for (std::size_t i = 0; i < dataset.source_classes.size(); ++i) {
        if (dataset.map.class_of_source[i] >= 0) source_of_name[dataset.source_classes[i]] = static_cast<int>(i);
    }
    result = source_of_name;
    if (dataset.options.label_names.empty()) return result;
    const std::string path = dataset.folder.path(dataset.options.label_names);
    const std::string text = read_file(path);
    CsvReader reader(text, path, problems);
    for (std::vector<std::string> fields; reader.next(fields);) {
        if (fields.size() != 2) {
            problems.add(
                {reader.where(), "wrong number of fields", "2: label, name", std::to_string(fields.size()), ""});
            break;
        }
        const auto source = source_of_name.find(fields[1]);
        if (source != source_of_name.end()) result[fields[0]] = source->second;
    }
    return result;
}

class VerifiedLabels {
public:
    VerifiedLabels(const ListedDataset& dataset, DataProblems& problems)
        : dataset_(dataset), problems_(problems), sources_(sources_of_labels(dataset, problems)),
          sources_of_class_(static_cast<std::size_t>(dataset.table.size())) {
        for (const int class_id : dataset.map.class_of_source) {
            if (class_id >= 0) ++sources_of_class_[static_cast<std::size_t>(class_id)];
        }
    }

    void read(std::string_view text, const std::string& path) {
        CsvReader reader(text, path, problems_);
        std::vector<std::string> fields;
        reader.next(fields);
        const Columns columns(fields);
        while (reader.next(fields)) read_row(fields, columns, reader);
        if (verdicts_.empty()) {
            problems_.add({path, "no row is about a picture and a class of this data set",
                           "ImageID: a picture's name "
                           "without its ending; LabelName: a class that is mapped",
                           "", "label codes such as /m/01g317 need \"label_names\""});
        }
    }

    void tell(std::vector<ListedState>& states) {
        const auto place = [&](const Verdict& v) { return std::tuple(v.record, class_of(v), v.source_class); };
        std::stable_sort(verdicts_.begin(), verdicts_.end(),
                         [&](const Verdict& a, const Verdict& b) { return place(a) < place(b); });
        for (std::size_t begin = 0, end = 0; begin < verdicts_.size(); begin = end) {
            const auto is_same = [&](const Verdict& v) {
                return v.record == verdicts_[begin].record && class_of(v) == class_of(verdicts_[begin]);
            };
            while (end < verdicts_.size() && is_same(verdicts_[end])) ++end;
            tell_class({verdicts_.begin() + static_cast<std::ptrdiff_t>(begin),
                        verdicts_.begin() + static_cast<std::ptrdiff_t>(end)},
                       states);
        }
        if (without_box_ > 0) {
            dataset_.checked.warnings.push_back(
                "classes verified present in a picture that has no box of them, taken as unknown there: " +
                std::to_string(without_box_));
        }
    }

private:
    int class_of(const Verdict& verdict) const {
        return dataset_.map.class_of_source[static_cast<std::size_t>(verdict.source_class)];
    }

    void read_row(const std::vector<std::string>& fields, const Columns& columns, const CsvReader& reader) {
        if (columns.source != Columns::kNone && fields[columns.source] == "machine") return;
        const auto source = sources_.find(fields[columns.label]);
        if (source == sources_.end()) return;
        const auto record = dataset_.pictures.find(fields[columns.image]);
        if (!record) return;
        const auto confidence = parse_finite(fields[columns.confidence]);
        if (!confidence || *confidence < 0 || *confidence > 1) {
            problems_.add({reader.where(), "wrong Confidence", "a number in [0, 1]", fields[columns.confidence], ""});
        } else if (*confidence == 0 || *confidence == 1) {
            verdicts_.push_back({*record, source->second, *confidence == 1, reader.where()});
        }
    }

    /// Verdicts about one picture and one class of ours, sorted by source class.
    void tell_class(const std::vector<Verdict>& verdicts, std::vector<ListedState>& states) {
        std::size_t sources = 1;
        bool is_there = verdicts.front().is_there;
        for (std::size_t i = 1; i < verdicts.size(); ++i) {
            const Verdict &before = verdicts[i - 1], &one = verdicts[i];
            is_there = is_there || one.is_there;
            if (one.source_class != before.source_class) ++sources;
            if (one.source_class != before.source_class || one.is_there == before.is_there) continue;
            problems_.add({one.where, "the picture's label is verified present and absent", "", "",
                           "the other row is " + before.where});
            return;
        }
        const int class_id = class_of(verdicts.front());
        const bool all_told = sources == sources_of_class_[static_cast<std::size_t>(class_id)];
        if (!is_there && !all_told) return;
        ListedState state{verdicts.front().record, class_id, LabelState::absent, ListedBy::class_name,
                          verdicts.front().where};
        if (is_there) state.state = all_told ? LabelState::exhaustive : LabelState::partial;
        if (is_there && !has_box(state)) {
            state.state = LabelState::unknown;
            ++without_box_;
        }
        states.push_back(std::move(state));
    }

    bool has_box(const ListedState& state) const {
        const Labels& labels = dataset_.checked.records[state.record].labels;
        return std::any_of(labels.boxes.begin(), labels.boxes.end(),
                           [&](const LabelledBox& box) { return box.class_id == state.class_id; });
    }

    const ListedDataset& dataset_;
    DataProblems& problems_;
    SourceOfLabel sources_;
    std::vector<std::size_t> sources_of_class_; ///< [class id] source classes that are mapped to it
    std::vector<Verdict> verdicts_;
    std::size_t without_box_ = 0;
};

} // namespace

bool is_verified_label_list(std::string_view text) {
    DataProblems ignored;
    CsvReader reader(text.substr(0, text.find('\n')), "", ignored);
    std::vector<std::string> header;
    return reader.next(header) && Columns(header).are_complete();
}

void read_verified_labels(std::string_view text, const std::string& path, const ListedDataset& dataset,
                          std::vector<ListedState>& states, DataProblems& problems) {
    VerifiedLabels labels(dataset, problems);
    labels.read(text, path);
    labels.tell(states);
}

} // namespace banyan
