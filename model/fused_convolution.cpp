#include "model/fused_convolution.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/cudnn_convolution_add_relu.h>
#include <ATen/ops/cudnn_convolution_relu.h>

#include "model/libtorch.h"

namespace banyan {

namespace {

const Node& node_of(const Graph& graph, const PlanStep& step) {
    return graph.nodes[static_cast<std::size_t>(step.node)];
}

bool ends_in_relu(const Graph& graph, const PlanStep& step) {
    if (step.activation < 0) return false;
    const Node& node = graph.nodes[static_cast<std::size_t>(step.activation)];
    return std::get<ActivationAttributes>(node.attributes).kind == Activation::relu;
}

/// Which input of the sum the value is, if it is one of two and nothing reads it afterwards; -1 otherwise.
int place_in_sum(const Graph& graph, const PlanStep& sum, ValueId value) {
    const Node& node = node_of(graph, sum);
    const std::vector<ValueId>& ends = sum.last_uses;
    if (!std::holds_alternative<AddAttributes>(node.attributes) || node.inputs[0] == node.inputs[1]) return -1;
    if (std::find(ends.begin(), ends.end(), value) == ends.end()) return -1;
    return node.inputs[0] == value ? 0 : node.inputs[1] == value ? 1 : -1;
}

} // namespace

FusedConvolution::FusedConvolution(const ConvAttributes& convolution, at::Tensor weight, at::Tensor bias)
    : convolution_(convolution), weight_(std::move(weight)), bias_(std::move(bias)) {}

at::Tensor FusedConvolution::apply(const at::Tensor& x, const at::Tensor& addend) const {
    const std::int64_t stride = convolution_.stride, pad = convolution_.pad, dilation = convolution_.dilation;
    const std::array<std::int64_t, 2> strides{stride, stride}, pads{pad, pad}, dilations{dilation, dilation};
    if (!addend.defined()) {
        return at::cudnn_convolution_relu(x, weight_, bias_, strides, pads, dilations, /*groups=*/1);
    }
    return at::cudnn_convolution_add_relu(x, weight_, addend, /*alpha=*/1.0, bias_, strides, pads, dilations,
                                          /*groups=*/1);
}

std::optional<FusiblePair> fusible_steps(const Graph& graph, const PlanStep& step, const PlanStep* next) {
    const auto* convolution = std::get_if<ConvAttributes>(&node_of(graph, step).attributes);
    if (convolution == nullptr || !convolution->bias || convolution->groups != 1) return std::nullopt;
    if (convolution->padding != Padding::symmetric || step.norm >= 0 || step.rounds_weight) return std::nullopt;
    if (ends_in_relu(graph, step)) return FusiblePair{};
    if (step.activation >= 0 || next == nullptr || !ends_in_relu(graph, *next)) return std::nullopt;
    const int place = place_in_sum(graph, *next, step.output);
    return place < 0 ? std::nullopt : std::optional(FusiblePair{1 - place});
}

} // namespace banyan
