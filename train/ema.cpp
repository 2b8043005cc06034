#include "train/ema.h"

#include <algorithm>

#include "core/error.h"
#include "model/libtorch.h"

namespace banyan {

Ema::Ema(const GraphModule& module, double decay) : decay_(decay) {
    const torch::NoGradGuard no_grad;
    for (const auto* tensors : {&module.parameters(), &module.buffers()}) {
        for (const auto& [name, tensor] : *tensors) {
            averages_[name] = tensor.detach().clone();
            counts_[name] = {};
        }
    }
}

void Ema::update(const GraphModule& module, const std::vector<std::string>& names, const ActiveChannels& active) {
    const torch::NoGradGuard no_grad;
    struct Group {
        std::vector<at::Tensor> averages, values;
    };
    struct Copied {
        at::Tensor average, channels, values;
    };
    std::map<double, Group> groups; // by weight of the new value
    std::vector<Copied> copied;
    for (const std::string& name : names) {
        const at::Tensor& average = averages_.at(name);
        const std::int64_t size = average.dim() == 0 ? 1 : average.size(0);
        for (const ChannelCounts::Part& part : counts_.at(name).advance(channels_of(active, name), size)) {
            const auto t = static_cast<double>(part.count - 1);
            Group& group = groups[1 - std::min(decay_, (1 + t) / (10 + t))];
            group.averages.push_back(take_channels(average, part.channels));
            group.values.push_back(take_channels(module.tensor(name).detach(), part.channels));
            if (part.channels.defined()) copied.push_back({average, part.channels, group.averages.back()});
        }
    }
    for (auto& [weight, group] : groups) at::_foreach_lerp_(group.averages, group.values, weight);
    for (const Copied& copy : copied) put_channels(copy.average, copy.channels, copy.values);
}

void Ema::copy_to(GraphModule& module) const {
    for (const auto& [name, average] : averages_) {
        if (module.parameters().contains(name) || module.buffers().contains(name)) module.assign(name, average);
    }
    module.mix_set_statistics();
}

std::map<std::string, at::Tensor> Ema::state() const {
    std::map<std::string, at::Tensor> state;
    for (const auto& [name, average] : averages_) {
        state["average." + name] = average;
        state["count." + name] = counts_.at(name).to_tensor();
    }
    return state;
}

void Ema::load_state(const std::map<std::string, at::Tensor>& state) {
    const torch::NoGradGuard no_grad;
    for (auto& [name, average] : averages_) {
        const auto value = state.find("average." + name);
        const auto count = state.find("count." + name);
        const std::int64_t size = average.dim() == 0 ? 1 : average.size(0);
        if (value == state.end() || count == state.end() || value->second.sizes() != average.sizes() ||
            !counts_.at(name).load(count->second, size)) {
            throw ModelFileError("checkpoint: no fitting average of \"" + name + "\"");
        }
        average.copy_(value->second);
    }
}

} // namespace banyan
