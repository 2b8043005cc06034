#pragma once

#include <vector>

#include "core/config_reader.h"
#include "train/teacher_options.h"

namespace banyan {

/// Reads the optional list "teachers" of objects with "model" (a path, as those of data sets), "tasks", "weight",
/// "box_weight", "temperature", "focus", "minimum_score", "refine_weight" and the optional list "hints" of objects with
/// "value", "teacher_value", "kind", "weight", "temperature", "adaptor". @throws ConfigError
std::vector<TeacherOptions> parse_teachers(ConfigReader& reader);

} // namespace banyan
