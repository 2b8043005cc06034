#include "train/ema.h"

#include <algorithm>

#include <torch/torch.h>

#include "core/error.h"

namespace banyan {

Ema::Ema(const GraphModule& module, double decay) : decay_(decay) {
    const torch::NoGradGuard no_grad;
    for (const auto* tensors : {&module.parameters(), &module.buffers()}) {
        for (const auto& [name, tensor] : *tensors) {
            averages_[name] = tensor.detach().clone();
            counts_[name] = 0;
        }
    }
}

void Ema::update(const GraphModule& module, const std::vector<std::string>& names) {
    const torch::NoGradGuard no_grad;
    std::map<double, std::pair<std::vector<at::Tensor>, std::vector<at::Tensor>>> groups; // by weight of the new value
    for (const std::string& name : names) {
        const auto t = static_cast<double>(counts_.at(name)++);
        const double decay = std::min(decay_, (1 + t) / (10 + t));
        auto& [averages, values] = groups[1 - decay];
        averages.push_back(averages_.at(name));
        values.push_back(module.tensor(name).detach());
    }
    for (auto& [weight, lists] : groups) at::_foreach_lerp_(lists.first, lists.second, weight);
}

void Ema::copy_to(GraphModule& module) const {
    for (const auto& [name, average] : averages_) module.assign(name, average);
}

std::map<std::string, at::Tensor> Ema::state() const {
    std::map<std::string, at::Tensor> state;
    for (const auto& [name, average] : averages_) {
        state["average." + name] = average;
        state["count." + name] = at::scalar_tensor(counts_.at(name), at::kLong);
    }
    return state;
}

void Ema::load_state(const std::map<std::string, at::Tensor>& state) {
    const torch::NoGradGuard no_grad;
    for (auto& [name, average] : averages_) {
        const auto value = state.find("average." + name);
        const auto count = state.find("count." + name);
        if (value == state.end() || count == state.end() || value->second.sizes() != average.sizes()) {
            throw ModelFileError("checkpoint: no fitting average of \"" + name + "\"");
        }
        average.copy_(value->second);
        counts_[name] = count->second.item<std::int64_t>();
    }
}

} // namespace banyan
