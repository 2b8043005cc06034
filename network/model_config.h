#pragma once

#include <string>
#include <vector>

#include "core/config_reader.h"
#include "core/task.h"
#include "network/model_options.h"

namespace banyan {

/// Reads "tasks" of a config's top level: the classes and their order. @throws ConfigError
std::vector<Task> parse_tasks(ConfigReader& reader);

/// Reads "tasks" and "model" of a config's top level (docs/config.md) and validates them. @throws ConfigError
ModelOptions parse_model(ConfigReader& reader);

/// The options as JSON text that parse_model reads back to equal options; a model file carries it.
std::string to_json(const ModelOptions& options);

} // namespace banyan
