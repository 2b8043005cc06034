#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/strict_json.h"
#include "eval/coco_problem.h"
#include "label/completed_files.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// A JSON list with an item a line.
std::string lines_of(const std::vector<Json>& items) {
    std::string text;
    for (const Json& item : items) text += (text.empty() ? "\n" : ",\n") + text_of(item);
    return "[" + text + "\n]";
}

/// Characters of a data set's name that are safe in the name of a file, others as "_"; and the list that it stands in,
/// for sets of both lists may have one name.
std::string file_stem(const std::string& name, const std::string& list) {
    std::string stem = name;
    for (char& c : stem) {
        const bool is_safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                             c == '_' || c == '.';
        if (!is_safe) c = '_';
    }
    // Names that differ stay apart.
    if (stem != name || stem.front() == '.') stem = "set-" + stem + "-" + hash_text(name).substr(0, 8);
    return list == "datasets" ? stem : stem + "@" + list;
}

/// The folder below which all pictures lie under their names.
std::string picture_folder(const Dataset& dataset) {
    std::optional<std::string> folder;
    for (const Record& record : dataset.records()) {
        const std::string file = fs::absolute(record.file).lexically_normal().string();
        const std::string name = "/" + fs::path(record.name).lexically_normal().string();
        const bool is_below = file.ends_with(name);
        const std::string base = is_below ? file.substr(0, file.size() - name.size() + 1) : "";
        if (!is_below || (folder && *folder != base)) {
            throw DataError(ErrorText{record.file,
                                      "does not lie under its name \"" + record.name + "\" beside the others",
                                      "pictures of one folder", "", ""});
        }
        folder = base;
    }
    return folder.value_or("/");
}

Json bbox_json(const Box& box) {
    const CocoBox coco = to_coco_box(box);
    return {coco.x, coco.y, coco.width, coco.height};
}

/// A region that COCO's crowds can tell: a box of one class.
bool is_crowd(const IgnoreRegion& region) {
    return region.class_id >= 0 && region.area == Polygon(bounds(region.area));
}

/// Annotations of a file, numbered as they come.
class Annotations {
public:
    void add(std::size_t image, int class_id, const Box& box, bool is_ignore, Json more = Json::object()) {
        const CocoBox coco = to_coco_box(box);
        Json entry{{"id", items_.size() + 1}, {"image_id", image + 1}, {"category_id", class_id + 1},
                   {"bbox", bbox_json(box)},  {"area", coco.area()},   {"iscrowd", is_ignore ? 1 : 0}};
        entry.update(more);
        items_.push_back(std::move(entry));
    }
    const std::vector<Json>& items() const { return items_; }

private:
    std::vector<Json> items_;
};

std::vector<Json> annotation_items(const CompletedDataset& completed, const Provenance& provenance) {
    Annotations list;
    for (std::size_t i = 0; i < completed.records.size(); ++i) {
        const Labels& labels = completed.dataset->record(i).labels;
        for (const LabelledBox& labelled : labels.boxes) list.add(i, labelled.class_id, labelled.box, false);
        for (const IgnoreRegion& region : labels.ignore) {
            if (is_crowd(region)) list.add(i, region.class_id, bounds(region.area), true);
        }
        for (const PseudoLabel& pseudo : completed.records[i].added) {
            list.add(i, pseudo.class_id, pseudo.box, pseudo.is_ignore,
                     {{"score", pseudo.score},
                      {"teacher", provenance.teachers.at(pseudo.teacher).name},
                      {"source", "pseudo"}});
        }
    }
    return list.items();
}

std::vector<Json> image_items(const Dataset& dataset) {
    std::vector<Json> items;
    for (const Record& record : dataset.records()) {
        items.push_back({{"id", items.size() + 1},
                         {"file_name", fs::path(record.name).lexically_normal().string()},
                         {"width", record.width},
                         {"height", record.height}});
    }
    return items;
}

std::vector<Json> category_items(const ClassTable& table) {
    std::vector<Json> items;
    for (int k = 0; k < table.size(); ++k) {
        items.push_back({{"id", k + 1}, {"name", table.class_name(k)}, {"supercategory", table.task_name_of(k)}});
    }
    return items;
}

Json info_json(const CompletedDataset& completed, const ClassTable& table, const Provenance& provenance) {
    Json teachers = Json::array();
    for (const TeacherProvenance& teacher : provenance.teachers) {
        Json classes = Json::object();
        for (const ClassProvenance& of_class : teacher.classes) {
            const double ap50 = of_class.average_precision;
            classes[table.class_name(of_class.class_id)] = {{"low", of_class.thresholds.low},
                                                            {"high", of_class.thresholds.high},
                                                            {"ap", ap50 < 0 ? Json(nullptr) : Json(ap50)}};
        }
        teachers.push_back({{"name", teacher.name},
                            {"file", teacher.file},
                            {"xxh3", hash_digits(teacher.hash)},
                            {"classes", classes}});
    }
    return {{"description", "labels of \"" + completed.dataset->name() + "\", completed by teachers"},
            {"program", provenance.program},
            {"teachers", teachers}};
}

std::string coco_text(const CompletedDataset& completed, const ClassTable& table, const Provenance& provenance) {
    return "{\"info\": " + text_of(info_json(completed, table, provenance)) +
           ",\n\"images\": " + lines_of(image_items(*completed.dataset)) +
           ",\n\"annotations\": " + lines_of(annotation_items(completed, provenance)) +
           ",\n\"categories\": " + lines_of(category_items(table)) + "}\n";
}

/// [class id] the most frequent of the states that a mapped class may have as a whole.
std::vector<LabelState> usual_states(const CompletedDataset& completed, const ClassTable& table) {
    constexpr std::array<LabelState, 3> kPossible = {LabelState::exhaustive, LabelState::partial, LabelState::unknown};
    std::vector<LabelState> usual;
    for (std::size_t k = 0; k < static_cast<std::size_t>(table.size()); ++k) {
        std::map<LabelState, std::size_t> counts;
        for (const CompletedLabels& labels : completed.records) ++counts[labels.states[k]];
        usual.push_back(*std::max_element(kPossible.begin(), kPossible.end(),
                                          [&](LabelState a, LabelState b) { return counts[a] < counts[b]; }));
    }
    return usual;
}

std::string states_text(const CompletedDataset& completed, const ClassTable& table) {
    const std::vector<LabelState> usual = usual_states(completed, table);
    std::vector<Json> items;
    for (std::size_t i = 0; i < completed.records.size(); ++i) {
        for (std::size_t k = 0; k < usual.size(); ++k) {
            const LabelState state = completed.records[i].states[k];
            if (state == usual[k]) continue;
            items.push_back({{"image", fs::path(completed.dataset->record(i).name).lexically_normal().string()},
                             {"class", table.class_name(static_cast<int>(k))},
                             {"state", label_state_name(state)}});
        }
    }
    return lines_of(items) + "\n";
}

/// Ignore regions that no crowd can tell; "" where there are none.
std::string ignore_text(const Dataset& dataset, const ClassTable& table) {
    std::vector<Json> items;
    for (const Record& record : dataset.records()) {
        for (const IgnoreRegion& region : record.labels.ignore) {
            if (is_crowd(region)) continue;
            Json corners = Json::array();
            for (const Point& corner : region.area.corners) {
                corners.push_back(corner.x);
                corners.push_back(corner.y);
            }
            items.push_back({{"image", fs::path(record.name).lexically_normal().string()},
                             {"class", region.class_id < 0 ? "*" : table.class_name(region.class_id)},
                             {"polygon", corners}});
        }
    }
    return items.empty() ? "" : lines_of(items) + "\n";
}

/// Whether anything is known of the class in any picture, so that it must be mapped.
bool tells_of(const CompletedDataset& completed, int class_id) {
    const auto k = static_cast<std::size_t>(class_id);
    const auto& records = completed.dataset->records();
    const auto is_crowd_of = [&](const IgnoreRegion& region) {
        return region.class_id == class_id && is_crowd(region);
    };
    const auto is_labelled = [&](const Record& record) {
        const Labels& labels = record.labels;
        return std::any_of(labels.ignore.begin(), labels.ignore.end(), is_crowd_of) ||
               std::any_of(labels.boxes.begin(), labels.boxes.end(),
                           [&](const LabelledBox& box) { return box.class_id == class_id; });
    };
    return std::any_of(completed.records.begin(), completed.records.end(),
                       [&](const CompletedLabels& labels) { return labels.states[k] != LabelState::unknown; }) ||
           std::any_of(records.begin(), records.end(), is_labelled);
}

Json dataset_json(const CompletedDataset& completed, const std::string& list, const ClassTable& table) {
    const std::string stem = file_stem(completed.dataset->name(), list);
    Json classes = Json::object(), labels = Json::object();
    const std::vector<LabelState> usual = usual_states(completed, table);
    for (int k = 0; k < table.size(); ++k) {
        if (!tells_of(completed, k)) continue;
        classes[table.class_name(k)] = table.class_name(k);
        const LabelState state = usual[static_cast<std::size_t>(k)];
        if (state != LabelState::exhaustive) labels[table.class_name(k)] = label_state_name(state);
    }
    Json entry{{"name", completed.dataset->name()},
               {"format", "coco"},
               {"root", "."},
               {"images", picture_folder(*completed.dataset)},
               {"annotations", stem + ".coco.json"},
               {"classes", classes}};
    if (!labels.empty()) entry["labels"] = labels;
    entry["image_labels"] = stem + ".states.json";
    if (!ignore_text(*completed.dataset, table).empty()) entry["ignore_regions"] = stem + ".ignore.json";
    entry["ratio"] = completed.options->ratio;
    return entry;
}

/// Makes the path at `pointer` absolute, if there is one.
void make_absolute(Json& config, const std::string& pointer, const std::string& config_path) {
    const Json::json_pointer at(pointer);
    if (!config.contains(at) || !config[at].is_string() || config[at].get<std::string>().empty()) return;
    const std::string text = config[at].get<std::string>();
    const std::string path = resolve_data_path(text, config_path, config_path + ":" + pointer);
    config[at] = fs::absolute(path).lexically_normal().string();
}

} // namespace

std::vector<NamedText> completed_files(const CompletedDataset& completed, const std::string& key,
                                       const ClassTable& table, const Provenance& provenance) {
    picture_folder(*completed.dataset);
    const std::string stem = file_stem(completed.dataset->name(), key);
    std::vector<NamedText> files{{stem + ".coco.json", coco_text(completed, table, provenance)},
                                 {stem + ".states.json", states_text(completed, table)}};
    std::string ignore = ignore_text(*completed.dataset, table);
    if (!ignore.empty()) files.push_back({stem + ".ignore.json", std::move(ignore)});
    return files;
}

std::string completed_config(const std::string& config_path, const std::string& key,
                             const std::vector<CompletedDataset>& completed, const ClassTable& table) {
    Json config = parse_strict_json<Json>(read_file(config_path), config_path);
    Json list = Json::array();
    for (const CompletedDataset& one : completed) list.push_back(dataset_json(one, key, table));
    for (const std::string other : {"datasets", "validation"}) {
        if (other == key || !config.contains(other)) continue;
        for (std::size_t i = 0; i < config[other].size(); ++i) {
            make_absolute(config, "/" + other + "/" + std::to_string(i) + "/root", config_path);
        }
    }
    for (const char* path : {"/train/pretrained", "/train/init"}) make_absolute(config, path, config_path);
    const Json::json_pointer teachers("/train/teachers");
    for (std::size_t i = 0; config.contains(teachers) && i < config[teachers].size(); ++i) {
        make_absolute(config, "/train/teachers/" + std::to_string(i) + "/model", config_path);
    }
    config[key] = list;
    return config.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace banyan
