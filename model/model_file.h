#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/safetensors.h"
#include "model/multi_task_model.h"

namespace banyan {

/// Extra facts a model file carries for people ("step", "created_by", …); never needed to run it.
using ModelFacts = std::map<std::string, std::string>;

/// Writes graph, options and parameters as one safetensors file, atomically:
///   __metadata__: "format" = "banyan.model", "schema_version" = "1", "graph" (graph/graph_json.h),
///   "options" (to_json of ModelOptions), "fact.<name>" for each fact, and the sums of core/safetensors.h.
/// @throws IoError
void save_model(const std::string& path, const MultiTaskModel& model, const ModelFacts& facts = {});

/// A file's content, checked: every parameter of the graph is there with its shape, nothing else is.
struct ModelFile {
    ModelOptions options;
    Graph graph;
    HostTensors tensors;
    ModelFacts facts;

    /// @throws IoError; ModelFileError damaged, not a model file, newer schema, missing or misshapen tensors
    static ModelFile load(const std::string& path);
};

/// The network of a file, ready to run or train. @throws IoError, ModelFileError
MultiTaskModel load_model(const std::string& path, const GraphModuleOptions& module_options = {});

} // namespace banyan
