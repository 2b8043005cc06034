#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "graph/graph.h"
#include "model/graph_plan.h"
#include "model/set_statistics.h"

namespace banyan {

/// Share of the newest batch in the running statistics of batch norms, torch's default:
/// running = 0.9 * running + 0.1 * batch (the batch's unbiased variance).
constexpr double kNormMomentum = 0.1;

/// A step with the nodes and tensors it works on; the tensors share memory with the module's.
class Operator {
public:
    /// @param tensors all parameters and buffers by name
    Operator(const Graph& graph, const PlanStep& step, const std::map<std::string, at::Tensor>& tensors);

    /// @param inputs values of input_ids() in that order; one of them is overwritten if the step says so
    /// @param groups of the rows, for norms with statistics by data set; may be empty without them
    /// @throws ShapeError naming the node and the shapes; MemoryError; CheckError groups are missing
    at::Tensor apply(std::vector<at::Tensor> inputs, const std::vector<RowGroup>& groups = {}) const;

    const std::vector<ValueId>& input_ids() const { return node_->inputs; }
    ValueId output_id() const { return step_.output; }
    const std::vector<ValueId>& last_uses() const { return step_.last_uses; }

private:
    struct NormTensors {
        double eps = 0;
        at::Tensor weight, bias;
        NormStatistics running;
        std::vector<NormStatistics> sets; ///< running statistics by data set; empty: all rows share `running`
    };
    struct Dispatch;

    at::Tensor convolve(const at::Tensor& x, const ConvAttributes& conv) const;
    at::Tensor normalise(const at::Tensor& x, const std::vector<RowGroup>& groups) const;
    at::Tensor normalise(const at::Tensor& x, const NormStatistics& running) const;
    at::Tensor sum(const at::Tensor& a, const at::Tensor& b) const;
    std::string describe_inputs(const std::vector<at::Tensor>& inputs) const;

    PlanStep step_;
    const Node* node_;
    Activation activation_ = Activation::none; ///< of the node that has joined this one
    at::Tensor weight_, bias_;                 ///< of a convolution, linear layer or scale
    at::Tensor channels_;                      ///< that a select_channels copies, int64, beside the parameters
    NormTensors norm_;                         ///< of a batch norm, this node or one that has joined it
};

} // namespace banyan
