#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "data/dataset.h"

namespace banyan {
namespace {

const ConfigReader::Choices<DatasetFormat> kFormats = {
    {"coco", DatasetFormat::coco}, {"yolo", DatasetFormat::yolo}, {"voc", DatasetFormat::voc}};

const ConfigReader::Choices<LabelState> kStates = {{"exhaustive", LabelState::exhaustive},
                                                   {"partial", LabelState::partial},
                                                   {"absent", LabelState::absent},
                                                   {"unknown", LabelState::unknown}};

std::string non_empty_text(ConfigReader& reader, const std::string& key) {
    std::string text = reader.text(key);
    if (text.empty()) throw ConfigError({reader.where(key), "empty text", "a name", "", ""});
    return text;
}

std::string default_annotations(DatasetFormat format) {
    return format == DatasetFormat::voc ? "Annotations" : "data.yaml";
}

void parse_labels(ConfigReader labels, DatasetOptions& options) {
    for (const std::string& name : labels.keys()) options.labels[name] = labels.choice(name, kStates);
    labels.finish();
}

/// A text or a list of texts.
std::vector<std::string> one_or_more(ConfigReader& reader, const std::string& key) {
    if (reader.has(key) && reader.json().at(key).is_string()) return {non_empty_text(reader, key)};
    return reader.texts(key, {});
}

/// What is known of single pictures.
void parse_lists(ConfigReader& reader, DatasetOptions& options) {
    options.image_labels = one_or_more(reader, "image_labels");
    options.label_names = reader.text("label_names", "");
    options.ignore_regions = one_or_more(reader, "ignore_regions");
    options.other_classes = reader.texts("other_classes", {});
    if (!reader.has("absent_without")) return;
    ConfigReader rules = reader.object("absent_without");
    for (const std::string& name : rules.keys()) options.absent_without.emplace_back(name, rules.texts(name));
    rules.finish();
}

} // namespace

DatasetOptions parse_dataset(ConfigReader& reader) {
    DatasetOptions options;
    options.where = reader.where();
    options.name = non_empty_text(reader, "name");
    options.format = reader.choice("format", kFormats);
    options.root = resolve_data_path(non_empty_text(reader, "root"), reader.file(), reader.where("root"));
    options.images = reader.text("images", options.format == DatasetFormat::voc ? "JPEGImages" : ".");
    options.annotations = options.format == DatasetFormat::coco
                              ? non_empty_text(reader, "annotations")
                              : reader.text("annotations", default_annotations(options.format));
    options.split = reader.text("split", "");
    constexpr std::int64_t kMaxLimit = 1'000'000'000;
    options.limit = reader.integer("limit", 0, kMaxLimit, 0);
    options.ratio = reader.real("ratio", 1e-6, 1e6, 1.0);
    ConfigReader classes = reader.object("classes");
    for (const std::string& source : classes.keys()) {
        options.classes.emplace_back(source, non_empty_text(classes, source));
    }
    classes.finish();
    if (reader.has("labels")) parse_labels(reader.object("labels"), options);
    parse_lists(reader, options);
    reader.finish();
    return options;
}

std::vector<DatasetOptions> parse_datasets(ConfigReader& reader, const std::string& key) {
    std::vector<DatasetOptions> datasets;
    std::set<std::string> names;
    for (ConfigReader& entry : reader.objects(key)) {
        datasets.push_back(parse_dataset(entry));
        if (names.insert(datasets.back().name).second) continue;
        throw ConfigError({entry.where("name"), "data set \"" + datasets.back().name + "\" is named twice",
                           "names that differ", "", ""});
    }
    if (datasets.empty()) throw ConfigError({reader.where(key), "empty list", "at least one data set", "", ""});
    return datasets;
}

} // namespace banyan
