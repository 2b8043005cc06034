#include "train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/check.h"
#include "core/error.h"
#include "model/libtorch.h"

namespace banyan {

double lr_scale(const TrainOptions& options, std::int64_t step) {
    if (step < options.warmup_steps) {
        return static_cast<double>(step + 1) / static_cast<double>(options.warmup_steps);
    }
    const auto span = static_cast<double>(std::max<std::int64_t>(1, options.steps - options.warmup_steps));
    const double progress = std::min(1.0, static_cast<double>(step - options.warmup_steps) / span);
    const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * progress));
    return options.final_lr_scale + (1 - options.final_lr_scale) * cosine;
}

namespace {

bool is_decayed(ParameterRole role) {
    return role == ParameterRole::conv_weight || role == ParameterRole::linear_weight;
}

} // namespace

Optimizer::Optimizer(const GraphModule& module, const TrainOptions& options) : options_(options) {
    const auto lr_factor = [&](const std::string& name) {
        if (!name.starts_with("trunk.")) return 1.0;
        return options.trunk_lr_scale * (name.starts_with("trunk.backbone.") ? options.backbone_lr_scale : 1.0);
    };
    for (const auto& [name, tensor] : module.parameters()) {
        Slot slot;
        slot.name = name;
        slot.parameter = tensor;
        slot.lr_factor = lr_factor(name);
        slot.weight_decay = is_decayed(module.graph().parameters.at(name).role) ? options.weight_decay : 0.0;
        slots_.push_back(std::move(slot));
    }
}

void Optimizer::zero_grad() {
    for (Slot& slot : slots_) slot.parameter.mutable_grad().reset();
}

double Optimizer::clip(double max_norm, const std::string& prefix) {
    std::vector<at::Tensor> gradients;
    for (const Slot& slot : slots_) {
        const at::Tensor& gradient = slot.parameter.grad();
        if (gradient.defined() && slot.name.starts_with(prefix)) gradients.push_back(gradient);
    }
    if (gradients.empty()) return 0;
    const torch::NoGradGuard no_grad;
    const double norm = at::stack(at::_foreach_norm(gradients)).norm().item<double>();
    if (max_norm > 0 && norm > max_norm) at::_foreach_mul_(gradients, max_norm / norm);
    return norm;
}

std::vector<std::string> Optimizer::active() const {
    std::vector<std::string> names;
    for (const Slot& slot : slots_) {
        if (slot.parameter.grad().defined()) names.push_back(slot.name);
    }
    return names;
}

std::string Optimizer::find_non_finite_gradient() const {
    for (const Slot& slot : slots_) {
        const at::Tensor& gradient = slot.parameter.grad();
        if (gradient.defined() && !at::isfinite(gradient).all().item<bool>()) return slot.name;
    }
    return "";
}

void Optimizer::prepare(Slot& slot) {
    at::Tensor& gradient = slot.parameter.mutable_grad();
    // The fused kernels walk memory in order: gradient and parameter must lie alike.
    if (gradient.strides() != slot.parameter.strides()) {
        gradient = at::empty_like(slot.parameter).copy_(gradient);
    }
    if (slot.first.defined()) return;
    slot.first = at::zeros_like(slot.parameter);
    if (options_.optimizer == OptimizerKind::sgd) return;
    slot.second = at::zeros_like(slot.parameter);
}

/// What one call of the kernels works on: whole tensors, or copies of some of their channels.
struct Optimizer::Operands {
    std::vector<at::Tensor> parameters, gradients, first, second, steps;

    struct Copied {
        std::size_t place; ///< in the lists
        const Slot* slot;
        at::Tensor channels;
    };
    std::vector<Copied> copied;

    void add(const Slot& slot, const ChannelCounts::Part& part) {
        if (part.channels.defined()) copied.push_back({parameters.size(), &slot, part.channels});
        parameters.push_back(take_channels(slot.parameter, part.channels));
        gradients.push_back(take_channels(slot.parameter.grad(), part.channels));
        first.push_back(take_channels(slot.first, part.channels));
        if (!slot.second.defined()) return;
        second.push_back(take_channels(slot.second, part.channels));
        steps.push_back(at::full({}, part.count, slot.parameter.options().dtype(at::kFloat)));
    }

    void put_back() const {
        for (const Copied& copy : copied) {
            put_channels(copy.slot->parameter, copy.channels, parameters[copy.place]);
            put_channels(copy.slot->first, copy.channels, first[copy.place]);
            if (copy.slot->second.defined()) put_channels(copy.slot->second, copy.channels, second[copy.place]);
        }
    }
};

Optimizer::Operands Optimizer::operands_of(const Group& group, const ActiveChannels& active) {
    Operands operands;
    for (Slot* slot : group) {
        prepare(*slot);
        const at::Tensor channels = channels_of(active, slot->name);
        if (options_.optimizer == OptimizerKind::sgd) {
            operands.add(*slot, {0, channels});
            continue;
        }
        const std::int64_t size = slot->parameter.dim() == 0 ? 1 : slot->parameter.size(0);
        for (const ChannelCounts::Part& part : slot->steps.advance(channels, size)) operands.add(*slot, part);
    }
    return operands;
}

void Optimizer::step_group(const Group& group, double lr, const ActiveChannels& active) {
    const Operands operands = operands_of(group, active);
    const double decay = group.front()->weight_decay;
    if (options_.optimizer == OptimizerKind::adamw) {
        constexpr double kBeta1 = 0.9, kEps = 1e-8;
        at::_fused_adamw_(operands.parameters, operands.gradients, operands.first, operands.second, {}, operands.steps,
                          lr, kBeta1, options_.beta2, decay, kEps, /*amsgrad=*/false, /*maximize=*/false);
    } else {
        at::_foreach_mul_(operands.first, options_.momentum);
        at::_foreach_add_(operands.first, operands.gradients);
        at::_foreach_mul_(operands.parameters, 1 - lr * decay);
        at::_foreach_add_(operands.parameters, operands.first, -lr);
    }
    operands.put_back();
}

void Optimizer::step(double scale, const ActiveChannels& active) {
    const torch::NoGradGuard no_grad;
    std::map<std::pair<double, double>, Group> groups; // by learning rate factor and weight decay
    for (Slot& slot : slots_) {
        if (slot.parameter.grad().defined()) groups[{slot.lr_factor, slot.weight_decay}].push_back(&slot);
    }
    for (const auto& [key, group] : groups) step_group(group, options_.lr * scale * key.first, active);
}

std::map<std::string, at::Tensor> Optimizer::state() const {
    std::map<std::string, at::Tensor> state;
    for (const Slot& slot : slots_) {
        if (slot.first.defined()) state["first." + slot.name] = slot.first;
        if (slot.second.defined()) state["second." + slot.name] = slot.second;
        if (slot.second.defined()) state["steps." + slot.name] = slot.steps.to_tensor();
    }
    return state;
}

void Optimizer::load_slot(Slot& slot, const std::map<std::string, at::Tensor>& state, std::size_t& used) {
    const auto find = [&](const std::string& kind) {
        const auto found = state.find(kind + slot.name);
        used += found == state.end() ? 0 : 1;
        return found == state.end() ? at::Tensor() : found->second;
    };
    const auto refuse = [&](const std::string& kind) {
        throw ModelFileError("checkpoint: optimiser entry \"" + kind + slot.name + "\" does not fit its parameter");
    };
    const auto moment = [&](const std::string& kind) {
        const at::Tensor found = find(kind);
        if (found.defined() && found.sizes() != slot.parameter.sizes()) refuse(kind);
        return found.defined() ? at::empty_like(slot.parameter).copy_(found) : found;
    };
    slot.first = moment("first.");
    slot.second = moment("second.");
    slot.steps = {};
    const at::Tensor steps = find("steps.");
    if (steps.defined() && !slot.steps.load(steps, slot.parameter.dim() == 0 ? 1 : slot.parameter.size(0)))
        refuse("steps.");
    const bool adam = options_.optimizer == OptimizerKind::adamw && slot.first.defined();
    if (slot.second.defined() == adam && steps.defined() == adam) return;
    throw ModelFileError("checkpoint: the optimiser's state of \"" + slot.name + "\" is incomplete");
}

void Optimizer::load_state(const std::map<std::string, at::Tensor>& state) {
    const torch::NoGradGuard no_grad;
    std::size_t used = 0;
    for (Slot& slot : slots_) load_slot(slot, state, used);
    if (used != state.size()) throw ModelFileError("checkpoint: optimiser entries of parameters that the model lacks");
}

} // namespace banyan
