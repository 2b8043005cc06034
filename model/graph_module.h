#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "graph/graph.h"
#include "graph/host_tensor.h"

namespace banyan {

struct GraphModuleOptions {
    std::uint64_t seed = 0; ///< each parameter is drawn from (seed, its name), so other branches do not change it
    at::ScalarType dtype = at::kFloat;
    at::Device device = at::Device(at::kCPU);
    bool channels_last = true; ///< conv weights and given images in NHWC memory order
};

/// One execution of a part of the graph.
struct RunRequest {
    std::map<ValueId, at::Tensor> given; ///< [n, C, H, W]; n and H, W are free, n is the same for all
    std::vector<ValueId> targets;
    bool training = false; ///< batch norms use (and update) batch statistics, unless frozen
    /// Parameter prefixes ("trunk.") whose batch norms are frozen while training: they use their running statistics,
    /// and their affine part is a constant. Together with the conv before them they cost nothing extra.
    std::vector<std::string> frozen_norms;
    /// The data set of each row, for norms with statistics by data set (separate_norms). Rows of one lie together.
    std::vector<std::int64_t> row_sets;
};

/// Executes any subgraph on any rows with LibTorch and autograd, and owns the parameters. Learned tensors require
/// grad; running means and variances do not. Not thread-safe while training.
///
/// Behind a fake_quant a convolution's weight is rounded at each run as the 8-bit kernels round it, so that training
/// goes on with what they will compute (model/weight_rounding.h).
///
/// Batch norms that do not use batch statistics are folded into the convolution before them at each run (the
/// convolution's weight still gets its gradient); activations and residual sums are done in place where autograd does
/// not need the overwritten value. Both change results only by rounding.
class GraphModule {
public:
    explicit GraphModule(Graph graph, const GraphModuleOptions& options = {});
    ~GraphModule();
    GraphModule(GraphModule&&) noexcept;
    GraphModule& operator=(GraphModule&&) noexcept;

    /// Values of all targets. Intermediate values are freed after their last use (autograd keeps what it needs).
    /// @throws CheckError unknown or missing value; ShapeError with node name and shapes when an operator fails.
    std::map<ValueId, at::Tensor> run(const RunRequest& request);
    /// All graph outputs for images [N, 3, H, W], by output name.
    std::map<std::string, at::Tensor> run_outputs(const at::Tensor& images, bool training = false);

    const Graph& graph() const { return graph_; }
    const GraphModuleOptions& options() const { return options_; }

    /// Learned tensors by parameter name.
    const std::map<std::string, at::Tensor>& parameters() const { return parameters_; }
    /// running_mean and running_var by name, and those of each data set once norms were separated.
    const std::map<std::string, at::Tensor>& buffers() const { return buffers_; }
    /// A parameter or buffer. @throws CheckError unknown name
    const at::Tensor& tensor(const std::string& name) const;
    /// Copies values (any dtype, device, layout) into a parameter or buffer in place.
    /// @throws CheckError unknown name; ShapeError other shape
    void assign(const std::string& name, const at::Tensor& values);

    /// Gives the batch norms under the parameter prefixes statistics of their own for each data set
    /// (model/set_statistics.h), which begin as copies of the present ones. With batch statistics they then normalise
    /// the rows of each data set by themselves and leave running_mean and running_var as they are; without, they use
    /// these as ever. For once. @param shares of the data sets in the mixture, > 0
    void separate_norms(const std::vector<std::string>& prefixes, std::vector<double> shares);
    /// Sets running_mean and running_var of the separated norms to the statistics of the mixture of the data sets.
    void mix_set_statistics();

    /// The graph's parameters as float32 in plain memory, and back. load_host takes any subset of the names.
    HostTensors to_host() const;
    void load_host(const HostTensors& tensors);

private:
    struct Plan;
    struct PlanCache;
    const Plan& plan_for(const RunRequest& request);

    Graph graph_;
    GraphModuleOptions options_;
    std::map<std::string, at::Tensor> parameters_;
    std::map<std::string, at::Tensor> buffers_;
    std::vector<std::string> separated_; ///< prefixes of the norms with statistics by data set
    std::vector<double> set_shares_;     ///< of the data sets in the mixture
    std::unique_ptr<PlanCache> plans_;
};

/// True if `name` lies under one of the prefixes.
bool has_any_prefix(const std::string& name, const std::vector<std::string>& prefixes);
/// Names of the learned parameters of `graph` that get no gradient when norms under `frozen_norms` are frozen.
std::vector<std::string> frozen_norm_parameters(const Graph& graph, const std::vector<std::string>& frozen_norms);

} // namespace banyan
