#include "train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <torch/torch.h>

#include "core/check.h"
#include "core/error.h"

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
    const std::string backbone = "trunk.backbone.";
    for (const auto& [name, tensor] : module.parameters()) {
        Slot slot;
        slot.name = name;
        slot.parameter = tensor;
        slot.lr_factor = name.rfind(backbone, 0) == 0 ? options.backbone_lr_scale : 1.0;
        slot.weight_decay = is_decayed(module.graph().parameters.at(name).role) ? options.weight_decay : 0.0;
        slots_.push_back(std::move(slot));
    }
}

void Optimizer::zero_grad() {
    for (Slot& slot : slots_) slot.parameter.mutable_grad().reset();
}

double Optimizer::clip(double max_norm) {
    std::vector<at::Tensor> gradients;
    for (const Slot& slot : slots_) {
        if (slot.parameter.grad().defined()) gradients.push_back(slot.parameter.grad());
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
    slot.steps = at::zeros({}, slot.parameter.options().dtype(at::kFloat));
}

void Optimizer::step_group(const Group& group, double lr) {
    std::vector<at::Tensor> parameters, gradients, first, second, steps;
    for (Slot* slot : group) {
        prepare(*slot);
        parameters.push_back(slot->parameter);
        gradients.push_back(slot->parameter.grad());
        first.push_back(slot->first);
        if (options_.optimizer == OptimizerKind::sgd) continue;
        slot->steps.add_(1);
        second.push_back(slot->second);
        steps.push_back(slot->steps);
    }
    const double decay = group.front()->weight_decay;
    if (options_.optimizer == OptimizerKind::adamw) {
        constexpr double kBeta1 = 0.9, kEps = 1e-8;
        at::_fused_adamw_(parameters, gradients, first, second, {}, steps, lr, kBeta1, options_.beta2, decay, kEps,
                          /*amsgrad=*/false, /*maximize=*/false);
        return;
    }
    at::_foreach_mul_(first, options_.momentum);
    at::_foreach_add_(first, gradients);
    at::_foreach_mul_(parameters, 1 - lr * decay);
    at::_foreach_add_(parameters, first, -lr);
}

void Optimizer::step(double scale) {
    const torch::NoGradGuard no_grad;
    std::map<std::pair<double, double>, Group> groups; // by learning rate factor and weight decay
    for (Slot& slot : slots_) {
        if (slot.parameter.grad().defined()) groups[{slot.lr_factor, slot.weight_decay}].push_back(&slot);
    }
    for (const auto& [key, group] : groups) step_group(group, options_.lr * scale * key.first);
}

std::map<std::string, at::Tensor> Optimizer::state() const {
    std::map<std::string, at::Tensor> state;
    for (const Slot& slot : slots_) {
        if (slot.first.defined()) state["first." + slot.name] = slot.first;
        if (slot.second.defined()) state["second." + slot.name] = slot.second;
        if (slot.steps.defined()) state["steps." + slot.name] = slot.steps;
    }
    return state;
}

void Optimizer::load_state(const std::map<std::string, at::Tensor>& state) {
    const torch::NoGradGuard no_grad;
    std::size_t used = 0;
    const auto take = [&](const std::string& key, const at::Tensor& like, at::Tensor& out) {
        const auto found = state.find(key);
        if (found == state.end()) {
            out.reset();
            return;
        }
        if (found->second.sizes() != like.sizes()) {
            throw ModelFileError("checkpoint: optimiser entry \"" + key + "\" does not fit its parameter");
        }
        out = at::empty_like(like).copy_(found->second);
        ++used;
    };
    for (Slot& slot : slots_) {
        take("first." + slot.name, slot.parameter, slot.first);
        take("second." + slot.name, slot.parameter, slot.second);
        take("steps." + slot.name, at::zeros({}), slot.steps);
        const bool adam = options_.optimizer == OptimizerKind::adamw && slot.first.defined();
        if (slot.second.defined() == adam && slot.steps.defined() == adam) continue;
        throw ModelFileError("checkpoint: the optimiser's state of \"" + slot.name + "\" is incomplete");
    }
    if (used != state.size()) throw ModelFileError("checkpoint: optimiser entries of parameters that the model lacks");
}

} // namespace banyan
