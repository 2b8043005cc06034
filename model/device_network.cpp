#include "model/device_network.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "core/check.h"
#include "core/log.h"
#include "model/graph_plan.h"
#include "model/libtorch.h"
#include "model/weight_rounding.h"

namespace banyan {

namespace {

using Tensors = std::map<std::string, at::Tensor>;

at::Tensor to_tensor(const HostTensor& host) {
    at::Tensor tensor = at::empty(host.shape, at::kFloat);
    std::copy(host.data.begin(), host.data.end(), tensor.mutable_data_ptr<float>());
    return tensor;
}

/// Norms keep float32: with 16-bit parameters LibTorch rounds means and variances to 16 bits, too.
at::ScalarType type_of(ParameterRole role, at::ScalarType dtype) {
    switch (role) {
    case ParameterRole::norm_weight:
    case ParameterRole::norm_bias:
    case ParameterRole::running_mean:
    case ParameterRole::running_var: return at::kFloat;
    default: return dtype;
    }
}

std::vector<PlanStep> plan_of(const Graph& graph) {
    PlanRequest request;
    request.given.push_back(graph.input);
    for (const auto& [name, id] : graph.outputs) request.targets.push_back(id);
    return make_plan(graph, request);
}

const Node& node_of(const Graph& graph, const PlanStep& step) {
    return graph.nodes[static_cast<std::size_t>(step.node)];
}

at::Tensor& value_of(std::vector<at::Tensor>& values, ValueId id) { return values[static_cast<std::size_t>(id)]; }

void drop_last_uses(const Operator& op, std::vector<at::Tensor>& values) {
    for (const ValueId id : op.last_uses()) value_of(values, id) = at::Tensor();
}

} // namespace

/// What the steps are made of.
struct DeviceNetwork::Parts {
    std::vector<PlanStep> plan;
    Tensors tensors;            ///< parameters by name
    std::map<int, Tensors> own; ///< by node: the parameters, with its weight rounded to 8 bits

    const Tensors& tensors_of(const PlanStep& step) const {
        const auto found = own.find(step.node);
        return found == own.end() ? tensors : found->second;
    }
};

DeviceNetwork::DeviceNetwork(GraphWithValues network, at::Device device, at::ScalarType dtype, bool fuse)
    : graph_(std::move(network.graph)), device_(device), dtype_(dtype) {
    const auto laid_out = [&](const at::Tensor& tensor, at::ScalarType type) {
        const bool has_rows = tensor.dim() == 4;
        return tensor.to(device, type)
            .contiguous(has_rows ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
    };
    Parts parts{plan_of(graph_), {}, {}};
    for (const auto& [name, parameter] : graph_.parameters) {
        const auto found = network.tensors.find(name);
        BANYAN_CHECK(found != network.tensors.end(), "device network: no values of the parameter \"", name, "\"");
        parts.tensors.emplace(name, laid_out(to_tensor(found->second), type_of(parameter.role, dtype)));
    }
    for (PlanStep& step : parts.plan) {
        if (!step.rounds_weight || step.norm >= 0) continue; // with a norm the weight is known at the run only
        const std::string weight = parameter_names(node_of(graph_, step)).front();
        Tensors& own = parts.own.emplace(step.node, parts.tensors).first->second;
        own[weight] = laid_out(round_weight(to_tensor(network.tensors.at(weight))), dtype);
        step.rounds_weight = false;
    }
    for (std::size_t i = 0; i < parts.plan.size(); i += steps_.back().operators.size()) {
        const PlanStep* next = i + 1 < parts.plan.size() ? &parts.plan[i + 1] : nullptr;
        append(parts, i, fuse ? fusible_steps(graph_, parts.plan[i], next) : std::nullopt);
    }
}

void DeviceNetwork::append(const Parts& parts, std::size_t first, const std::optional<FusiblePair>& fusible) {
    const PlanStep& planned = parts.plan[first];
    const Tensors& tensors = parts.tensors_of(planned);
    Step step;
    step.operators.emplace_back(graph_, planned, tensors);
    if (fusible) {
        const Node& node = node_of(graph_, planned);
        const std::vector<std::string> names = parameter_names(node);
        step.fused.emplace(std::get<ConvAttributes>(node.attributes), tensors.at(names[0]), tensors.at(names[1]));
    }
    if (fusible && fusible->addend >= 0) {
        const PlanStep& sum = parts.plan[first + 1];
        step.operators.emplace_back(graph_, sum, tensors);
        step.addend = node_of(graph_, sum).inputs[static_cast<std::size_t>(fusible->addend)];
    }
    steps_.push_back(std::move(step));
}

void DeviceNetwork::apply(const Step& step, std::vector<at::Tensor>& values) {
    for (const Operator& op : step.operators) {
        std::vector<at::Tensor> inputs;
        for (const ValueId id : op.input_ids()) inputs.push_back(value_of(values, id));
        drop_last_uses(op, values);
        value_of(values, op.output_id()) = op.apply(std::move(inputs));
    }
}

void DeviceNetwork::apply_fused(const Step& step, std::vector<at::Tensor>& values) {
    const at::Tensor addend = step.addend < 0 ? at::Tensor() : value_of(values, step.addend);
    const at::Tensor result = step.fused->apply(value_of(values, step.operators.front().input_ids().front()), addend);
    for (const Operator& op : step.operators) drop_last_uses(op, values);
    value_of(values, step.operators.back().output_id()) = result;
}

std::vector<at::Tensor> DeviceNetwork::outputs_of(const std::vector<at::Tensor>& values) const {
    std::vector<at::Tensor> outputs;
    for (const auto& [name, id] : graph_.outputs) outputs.push_back(values[static_cast<std::size_t>(id)]);
    return outputs;
}

std::vector<at::Tensor> DeviceNetwork::check_kernels(const at::Tensor& images) {
    const at::NoGradGuard no_gradient;
    std::vector<at::Tensor> values(graph_.values.size());
    value_of(values, graph_.input) = images;
    std::size_t refused = 0;
    for (Step& step : steps_) {
        try {
            if (step.fused) apply_fused(step, values);
        } catch (const c10::OutOfMemoryError&) {
            throw;
        } catch (const c10::Error&) {
            step.fused.reset();
            ++refused;
        }
        if (!step.fused) apply(step, values);
    }
    if (refused > 0) {
        log_warning("cuDNN has no fused kernel for " + std::to_string(refused) + " of " +
                    std::to_string(refused + fused_count()) + " convolutions; they run with separate operators");
    }
    return outputs_of(values);
}

std::vector<at::Tensor> DeviceNetwork::run(const at::Tensor& images) const {
    const at::NoGradGuard no_gradient;
    std::vector<at::Tensor> values(graph_.values.size());
    value_of(values, graph_.input) = images;
    for (const Step& step : steps_) {
        if (step.fused) {
            apply_fused(step, values);
        } else {
            apply(step, values);
        }
    }
    return outputs_of(values);
}

std::size_t DeviceNetwork::fused_count() const {
    return static_cast<std::size_t>(
        std::count_if(steps_.begin(), steps_.end(), [](const Step& step) { return step.fused.has_value(); }));
}

} // namespace banyan
