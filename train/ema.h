#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/graph_module.h"
#include "train/channel_counts.h"

namespace banyan {

/// Exponential moving average of a module's parameters and norm statistics:
///   average += (1 - d) * (value - average),  d = min(decay, (1 + t) / (10 + t)),  t = updates of that tensor so far.
/// Tensors that a step did not touch keep average and count bit by bit, and so do the channels that it left out.
class Ema {
public:
    /// decay in [0, 1); 0 follows the parameters.
    Ema(const GraphModule& module, double decay);

    /// @param names tensors of the module that the last step may have changed
    /// @param active those of them of which it changed some channels only
    void update(const GraphModule& module, const std::vector<std::string>& names, const ActiveChannels& active = {});
    /// Writes the averages into a module of the same separated norms, and mixes those (mix_set_statistics). Tensors
    /// that it lacks, adaptors of hints, are left out.
    void copy_to(GraphModule& module) const;

    /// Averages by "average.<name>" and counts by "count.<name>" (ChannelCounts::to_tensor), for checkpoints.
    std::map<std::string, at::Tensor> state() const;
    /// @throws ModelFileError an entry is missing or does not fit
    void load_state(const std::map<std::string, at::Tensor>& state);

private:
    double decay_;
    std::map<std::string, at::Tensor> averages_;
    std::map<std::string, ChannelCounts> counts_;
};

} // namespace banyan
