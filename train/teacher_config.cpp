#include "train/teacher_config.h"

#include "data/dataset.h"

namespace banyan {

TeacherOptions parse_teacher(ConfigReader reader) {
    TeacherOptions options;
    options.model = reader.text("model", options.model);
    if (!options.model.empty()) {
        options.model = resolve_data_path(options.model, reader.file(), reader.where("model"));
    }
    options.tasks = reader.texts("tasks", options.tasks);
    options.weight = reader.real("weight", 0.0, 1000.0, options.weight);
    options.box_weight = reader.real("box_weight", 0.0, 100.0, options.box_weight);
    options.temperature = reader.real("temperature", 0.1, 100.0, options.temperature);
    options.focus = reader.real("focus", 0.0, 5.0, options.focus);
    options.minimum_score = reader.real("minimum_score", 0.0, 1.0, options.minimum_score);
    options.refine_weight = reader.real("refine_weight", 0.0, 100.0, options.refine_weight);
    reader.finish();
    return options;
}

} // namespace banyan
