#include <set>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/nearest_word.h"
#include "data/dataset.h"
#include "label/teacher_options.h"

namespace banyan {

namespace {

enum class DecoderKind { ssd, fastestdet };

const ConfigReader::Choices<DecoderKind> kDecoders = {{"ssd", DecoderKind::ssd},
                                                      {"fastestdet", DecoderKind::fastestdet}};

constexpr double kLongestSide = 65536;

int task_of(const std::string& name, const std::string& where, const ClassTable& table) {
    if (const auto task = table.find_task(name)) return *task;
    std::vector<std::string> names;
    for (const Task& task : table.tasks()) names.push_back(task.name);
    throw ConfigError(
        ErrorText{where, "unknown task \"" + name + "\"", "a task of the config", "", did_you_mean(name, names)});
}

int class_of(const std::string& name, const std::string& where, const ClassTable& table) {
    if (const auto class_id = table.find_class(name)) return *class_id;
    throw ConfigError(ErrorText{where, "unknown class \"" + name + "\"", "a class of the config's tasks", "",
                                did_you_mean(name, table.class_names())});
}

/// "3" -> 3.
int source_class_of(const std::string& text, const std::string& where) {
    constexpr std::size_t kMostDigits = 5;
    const bool is_number =
        !text.empty() && text.size() <= kMostDigits && text.find_first_not_of("0123456789") == std::string::npos;
    if (is_number) return std::stoi(text);
    throw ConfigError(
        ErrorText{where, "wrong class of the network", "its number from 0 on, as a text", "\"" + text + "\"", ""});
}

SsdOptions parse_ssd(ConfigReader& reader) {
    SsdOptions options;
    for (ConfigReader& entry : reader.objects("levels")) {
        options.levels.push_back(
            {entry.text("classes"), entry.text("boxes"), entry.reals("sizes_px", 1e-3, kLongestSide)});
        entry.finish();
    }
    if (options.levels.empty()) {
        throw ConfigError(ErrorText{reader.where("levels"), "empty list", "at least one level", "", ""});
    }
    const std::vector<double> variances = reader.reals("variances", 1e-6, 1e3, {0.1, 0.2});
    if (variances.size() != 2) {
        throw ConfigError(
            ErrorText{reader.where("variances"), "wrong value", "that of the centre and that of the size", "", ""});
    }
    options.variances = {variances[0], variances[1]};
    return options;
}

OnnxOptions parse_onnx(ConfigReader reader) {
    OnnxOptions options;
    if (reader.choice("kind", kDecoders) == DecoderKind::ssd) {
        options.decoder = parse_ssd(reader);
    } else {
        options.decoder = FastestDetOptions{};
    }
    options.mean = reader.real("mean", -255, 255, options.mean);
    options.std = reader.real("std", 1e-3, 255, options.std);
    options.bgr = reader.boolean("bgr", options.bgr);
    options.nms_iou = reader.real("nms_iou", 0.01, 1, options.nms_iou);
    reader.finish();
    return options;
}

void add_class(int class_id, LabelTeacherOptions& options) {
    for (const int known : options.classes) {
        if (known == class_id) return;
    }
    options.classes.push_back(class_id);
}

/// Tasks of a model of ours, by name.
void parse_task_names(ConfigReader& reader, const ClassTable& table, LabelTeacherOptions& options) {
    for (const std::string& name : reader.texts("tasks")) {
        const int task = task_of(name, reader.where("tasks"), table);
        const auto count = static_cast<int>(table.tasks()[static_cast<std::size_t>(task)].classes.size());
        for (int k = 0; k < count; ++k) add_class(table.first_class(task) + k, options);
    }
}

/// Our tasks, and in each which class of the network is which of ours.
void parse_task_maps(ConfigReader tasks, const ClassTable& table, LabelTeacherOptions& options) {
    std::set<int> sources;
    for (const std::string& name : tasks.keys()) {
        const int task = task_of(name, tasks.where(name), table);
        ConfigReader map = tasks.object(name);
        for (const std::string& source : map.keys()) {
            const std::string where = map.where(source);
            const int class_id = class_of(map.text(source), where, table);
            if (table.task_of(class_id) != task) {
                throw ConfigError(ErrorText{where, "\"" + table.class_name(class_id) + "\" is no class of the task",
                                            "a class of \"" + name + "\"", "", ""});
            }
            const int source_class = source_class_of(source, where);
            if (!sources.insert(source_class).second) {
                throw ConfigError(ErrorText{where, "class " + source + " is mapped twice", "", "", ""});
            }
            options.onnx->classes.emplace_back(source_class, class_id);
            add_class(class_id, options);
        }
        map.finish();
    }
    tasks.finish();
}

void parse_thresholds(ConfigReader reader, const ClassTable& table, LabelTeacherOptions& options) {
    for (const std::string& name : reader.keys()) {
        const std::string where = reader.where(name);
        const int class_id = class_of(name, where, table);
        const std::vector<double> values = reader.reals(name, 0, 1);
        if (values.size() != 2 || values[0] > values[1]) {
            throw ConfigError(ErrorText{where, "wrong thresholds", "[low, high] with low <= high", "", ""});
        }
        options.thresholds[class_id] = {values[0], values[1]};
    }
    reader.finish();
}

/// Ids follow from the config's tasks.
std::string numbered_classes(const std::vector<int>& classes, const ClassTable& table) {
    std::string text;
    for (const int class_id : classes) text += " " + std::to_string(class_id) + " " + table.class_name(class_id);
    return text;
}

/// LabelTeacherOptions::settings of a teacher that was read.
std::string settings_of(const ConfigReader& reader, const ClassTable& table, const LabelTeacherOptions& options) {
    nlohmann::json settings = nlohmann::json::parse(reader.dump());
    for (const char* other : {"name", "model", "onnx", "thresholds"}) settings.erase(other);
    return settings.dump() + numbered_classes(options.classes, table);
}

LabelTeacherOptions parse_teacher(ConfigReader& reader, const ClassTable& table) {
    LabelTeacherOptions options;
    options.where = reader.where();
    options.name = reader.text("name");
    const bool is_onnx = reader.has("onnx");
    if (is_onnx == reader.has("model")) {
        throw ConfigError(ErrorText{reader.where(),
                                    is_onnx ? "\"model\" and \"onnx\"" : "neither \"model\" nor \"onnx\"",
                                    "one of the two", "", ""});
    }
    const std::string key = is_onnx ? "onnx" : "model";
    options.file = resolve_data_path(reader.text(key), reader.file(), reader.where(key));
    if (is_onnx) {
        options.onnx = parse_onnx(reader.object("decoder"));
        parse_task_maps(reader.object("tasks"), table, options);
    } else {
        parse_task_names(reader, table, options);
    }
    if (options.name.empty() || options.classes.empty()) {
        throw ConfigError(ErrorText{reader.where(options.name.empty() ? "name" : "tasks"), "is empty",
                                    options.name.empty() ? "a name" : "at least one class", "", ""});
    }
    if (reader.has("thresholds")) parse_thresholds(reader.object("thresholds"), table, options);
    reader.finish();
    options.settings = settings_of(reader, table, options);
    return options;
}

} // namespace

std::vector<LabelTeacherOptions> parse_teachers(ConfigReader& reader, const ClassTable& table) {
    std::vector<LabelTeacherOptions> teachers;
    std::set<std::string> names;
    for (ConfigReader& entry : reader.objects("teachers")) {
        teachers.push_back(parse_teacher(entry, table));
        if (names.insert(teachers.back().name).second) continue;
        throw ConfigError(ErrorText{entry.where("name"), "teacher \"" + teachers.back().name + "\" is named twice",
                                    "names that differ", "", ""});
    }
    if (teachers.empty()) {
        throw ConfigError(ErrorText{reader.where("teachers"), "empty list", "at least one teacher", "", ""});
    }
    reader.finish();
    return teachers;
}

std::vector<LabelTeacherOptions> load_teachers(const std::string& path, const ClassTable& table) {
    ConfigReader reader = ConfigReader::from_file(path);
    return parse_teachers(reader, table);
}

LabelTeacherOptions student_teacher(const std::string& file, const std::vector<LabelTeacherOptions>& teachers,
                                    const ClassTable& table) {
    LabelTeacherOptions options;
    options.name = "student";
    options.file = file;
    options.where = "--student";
    std::set<int> classes; // those of a task side by side
    for (const LabelTeacherOptions& teacher : teachers) {
        if (teacher.name == options.name) {
            throw ConfigError(ErrorText{teacher.where + "/name", "is what the network of --student is called",
                                        "another name", "\"" + teacher.name + "\"", ""});
        }
        classes.insert(teacher.classes.begin(), teacher.classes.end());
    }
    options.classes.assign(classes.begin(), classes.end());
    options.settings = options.name + numbered_classes(options.classes, table);
    return options;
}

} // namespace banyan
