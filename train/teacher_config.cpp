#include "train/teacher_config.h"

#include "core/error.h"
#include "data/dataset.h"

namespace banyan {

namespace {

HintOptions parse_hint(ConfigReader reader) {
    HintOptions options;
    options.value = reader.text("value");
    options.teacher_value = reader.text("teacher_value", options.value);
    options.kind = reader.choice("kind", {{"l2", HintKind::l2}, {"pkd", HintKind::pearson}, {"cwd", HintKind::channel}},
                                 options.kind);
    options.weight = reader.real("weight", 1e-6, 1000.0, options.weight);
    options.temperature = reader.real("temperature", 0.1, 100.0, options.temperature);
    options.adaptor = reader.boolean("adaptor", options.adaptor);
    reader.finish();
    return options;
}

TeacherOptions parse_teacher(ConfigReader reader) {
    TeacherOptions options;
    const std::string model = reader.text("model");
    if (model.empty()) throw ConfigError({reader.where("model"), "empty text", "a model file", "", ""});
    options.model = resolve_data_path(model, reader.file(), reader.where("model"));
    options.tasks = reader.texts("tasks", options.tasks);
    options.weight = reader.real("weight", 0.0, 1000.0, options.weight);
    options.box_weight = reader.real("box_weight", 0.0, 100.0, options.box_weight);
    options.temperature = reader.real("temperature", 0.1, 100.0, options.temperature);
    options.focus = reader.real("focus", 0.0, 5.0, options.focus);
    options.minimum_score = reader.real("minimum_score", 0.0, 1.0, options.minimum_score);
    options.refine_weight = reader.real("refine_weight", 0.0, 100.0, options.refine_weight);
    options.cross = reader.boolean("cross", options.cross);
    if (reader.has("hints")) {
        for (ConfigReader& hint : reader.objects("hints")) options.hints.push_back(parse_hint(hint));
    }
    reader.finish();
    if (options.cross && options.weight == 0) {
        throw ConfigError(ErrorText{reader.where("cross"), "has nothing to teach", "a \"weight\" above 0", "0", ""});
    }
    if (options.weight > 0 || !options.hints.empty()) return options;
    throw ConfigError(ErrorText{reader.where("weight"), "leaves the teacher nothing to say",
                                "a weight above 0, or a list of \"hints\"", "0 without hints", ""});
}

} // namespace

std::vector<TeacherOptions> parse_teachers(ConfigReader& reader) {
    std::vector<TeacherOptions> teachers;
    if (!reader.has("teachers")) return teachers;
    for (ConfigReader& entry : reader.objects("teachers")) teachers.push_back(parse_teacher(entry));
    return teachers;
}

} // namespace banyan
