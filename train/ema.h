#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/graph_module.h"

namespace banyan {

/// Exponential moving average of a module's parameters and norm statistics:
///   average += (1 - d) * (value - average),  d = min(decay, (1 + t) / (10 + t)),  t = updates of that tensor so far.
/// Tensors that a step did not touch keep their average bit by bit.
class Ema {
public:
    /// decay in [0, 1); 0 follows the parameters.
    Ema(const GraphModule& module, double decay);

    /// @param names tensors of the module that the last step may have changed
    void update(const GraphModule& module, const std::vector<std::string>& names);
    /// Writes the averages into a module of the same graph.
    void copy_to(GraphModule& module) const;

    /// Averages by "average.<name>" and counts by "count.<name>" (int64 scalars), for checkpoints.
    std::map<std::string, at::Tensor> state() const;
    /// @throws ModelFileError an entry is missing or does not fit
    void load_state(const std::map<std::string, at::Tensor>& state);

private:
    double decay_;
    std::map<std::string, at::Tensor> averages_;
    std::map<std::string, std::int64_t> counts_;
};

} // namespace banyan
