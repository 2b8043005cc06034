#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/task.h"
#include "model/graph_module.h"
#include "network/branch.h"
#include "network/build_graph.h"
#include "network/model_options.h"

namespace banyan {

/// Tasks, branches, graph and parameters: what is trained, saved and run.
class MultiTaskModel {
public:
    /// Builds the network with start values drawn from module_options.seed. @throws ConfigError, CheckError
    explicit MultiTaskModel(ModelOptions options, const GraphModuleOptions& module_options = {});
    /// A network whose graph is given (a model file, or one with branches cut away or norms folded). Branches without
    /// outputs in the graph are left out of branches(). @throws CheckError the outputs do not fit the options
    MultiTaskModel(ModelOptions options, Graph graph, const GraphModuleOptions& module_options = {});

    const ModelOptions& options() const { return options_; }
    const ClassTable& classes() const { return classes_; }
    const std::vector<Branch>& branches() const { return branches_; }
    const Branch& branch(const std::string& name) const; ///< @throws CheckError
    GraphModule& module() { return module_; }
    const GraphModule& module() const { return module_; }

    /// uint8 [N, H, W, 3] (RGB) -> network input, float [N, 3, H, W] in channels-last order on the module's device.
    at::Tensor normalise(const at::Tensor& pixels) const;

private:
    ModelOptions options_;
    ClassTable classes_;
    GraphModule module_;
    std::vector<Branch> branches_;
};

} // namespace banyan
