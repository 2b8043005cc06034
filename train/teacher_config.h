#pragma once

#include "core/config_reader.h"
#include "train/teacher_options.h"

namespace banyan {

/// Reads "model" (a path, as those of data sets), "tasks", "weight", "box_weight", "temperature", "focus",
/// "minimum_score", "refine_weight". Calls reader.finish(). @throws ConfigError
TeacherOptions parse_teacher(ConfigReader reader);

} // namespace banyan
