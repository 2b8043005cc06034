#pragma once

#include <string>

#include "model/multi_task_model.h"
#include "network/model_file.h"

namespace banyan {

/// Writes a network as a model file (ModelFile::save). @throws IoError
void save_model(const std::string& path, const MultiTaskModel& model, const ModelFacts& facts = {});

/// The network of a file, ready to run or train. @throws IoError, ModelFileError
MultiTaskModel load_model(const std::string& path, const GraphModuleOptions& module_options = {});

} // namespace banyan
