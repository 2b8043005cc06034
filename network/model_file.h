#pragma once

#include <map>
#include <string>

#include "graph/graph.h"
#include "graph/host_tensor.h"
#include "network/model_options.h"

namespace banyan {

/// Extra facts a model file carries for people ("step", "created_by", …); never needed to run it.
using ModelFacts = std::map<std::string, std::string>;

/// A file's content, checked: every parameter of the graph is there with its shape, nothing else is.
struct ModelFile {
    ModelOptions options;
    Graph graph;
    HostTensors tensors;
    ModelFacts facts;

    /// Writes it as one safetensors file, atomically:
    ///   __metadata__: "format" = "banyan.model", "schema_version" = "1", "graph" (graph/graph_json.h),
    ///   "options" (to_json of ModelOptions), "fact.<name>" for each fact, and the sums of core/safetensors.h.
    /// @throws IoError
    void save(const std::string& path) const;
    /// @throws IoError; ModelFileError damaged, not a model file, newer schema, missing or misshapen tensors
    static ModelFile load(const std::string& path);
    /// The same of bytes in memory. @param path for messages
    static ModelFile parse(std::string bytes, const std::string& path);
};

} // namespace banyan
