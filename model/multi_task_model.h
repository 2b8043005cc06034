#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/task.h"
#include "model/branch.h"
#include "model/graph_module.h"
#include "model/model_options.h"

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

/// The network of the options as a graph: trunk, then one head a branch. @throws CheckError
Graph build_graph(const ModelOptions& options);

/// Names of the graph outputs of the branches that serve any of `tasks`. @throws UsageError an unknown task (lists
/// those known)
std::vector<std::string> output_names_of(const ModelOptions& options, const std::vector<std::string>& tasks);

} // namespace banyan
