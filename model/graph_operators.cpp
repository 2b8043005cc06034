#include "model/graph_operators.h"

#include <utility>

#include <ATen/autocast_mode.h>

#include "core/check.h"
#include "core/error.h"
#include "graph/shape_inference.h"
#include "model/activation.h"
#include "model/group_norm.h"
#include "model/libtorch.h"
#include "model/strided_depthwise.h"
#include "model/weight_rounding.h"

namespace banyan {

namespace {

bool computes_in_bf16(const at::Tensor& weight) {
    if (!weight.device().is_cpu()) return false;
    if (weight.scalar_type() == at::kBFloat16) return true;
    return weight.scalar_type() == at::kFloat && at::autocast::is_autocast_enabled(at::kCPU) &&
           at::autocast::get_autocast_dtype(at::kCPU) == at::kBFloat16;
}

/// Of each data set, if the norm has them.
std::vector<NormStatistics> set_statistics(const std::map<std::string, at::Tensor>& tensors, const std::string& norm) {
    std::vector<NormStatistics> sets;
    for (;;) {
        const auto mean = tensors.find(set_statistic_name(norm + ".running_mean", sets.size()));
        if (mean == tensors.end()) return sets;
        sets.push_back({mean->second, tensors.at(set_statistic_name(norm + ".running_var", sets.size()))});
    }
}

} // namespace

Operator::Operator(const Graph& graph, const PlanStep& step, const std::map<std::string, at::Tensor>& tensors)
    : step_(step), node_(&graph.nodes.at(static_cast<std::size_t>(step.node))) {
    if (step.activation >= 0) {
        const Node& activation = graph.nodes.at(static_cast<std::size_t>(step.activation));
        activation_ = std::get<ActivationAttributes>(activation.attributes).kind;
    }
    const Node* norm = step.norm >= 0 ? &graph.nodes.at(static_cast<std::size_t>(step.norm)) : node_;
    if (const auto* attributes = std::get_if<BatchNormAttributes>(&norm->attributes)) {
        const std::string& prefix = attributes->parameters;
        norm_ = {attributes->eps,
                 tensors.at(prefix + ".weight"),
                 tensors.at(prefix + ".bias"),
                 {tensors.at(prefix + ".running_mean"), tensors.at(prefix + ".running_var")},
                 set_statistics(tensors, prefix)};
        if (step.frozen) {
            norm_.weight = norm_.weight.detach();
            norm_.bias = norm_.bias.detach();
        }
    }
    if (std::holds_alternative<BatchNormAttributes>(node_->attributes)) return;
    if (const auto* select = std::get_if<SelectChannelsAttributes>(&node_->attributes)) {
        channels_ = torch::tensor(select->channels, torch::kLong);
        if (!tensors.empty()) channels_ = channels_.to(tensors.begin()->second.device());
    }
    const std::vector<std::string> names = parameter_names(*node_);
    if (!names.empty()) weight_ = tensors.at(names[0]);
    if (names.size() > 1) bias_ = tensors.at(names[1]);
}

/// One function per kind of node.
struct Operator::Dispatch {
    const Operator& op;
    const std::vector<at::Tensor>& in;
    const std::vector<RowGroup>& groups;

    at::Tensor operator()(const ConvAttributes& conv) const { return op.convolve(in[0], conv); }
    at::Tensor operator()(const BatchNormAttributes&) const { return op.normalise(in[0], groups); }
    at::Tensor operator()(const GroupNormAttributes& norm) const {
        // On GPUs the input must have the parameters' type.
        const at::ScalarType type = in[0].is_cuda() ? op.weight_.scalar_type() : in[0].scalar_type();
        return group_norm(in[0].to(type), op.weight_, op.bias_, norm.groups, norm.eps).to(in[0].scalar_type());
    }
    at::Tensor operator()(const ActivationAttributes& activation) const { return activate(in[0], activation.kind); }
    at::Tensor operator()(const AddAttributes&) const { return op.sum(in[0], in[1]); }
    at::Tensor operator()(const ConcatAttributes&) const { return at::cat(in, 1); }
    at::Tensor operator()(const PoolAttributes& pool) const {
        switch (pool.kind) {
        case PoolAttributes::Kind::max: return at::max_pool2d(in[0], pool.kernel, pool.stride, pool.pad);
        case PoolAttributes::Kind::average: return at::avg_pool2d(in[0], pool.kernel, pool.stride, pool.pad);
        case PoolAttributes::Kind::global_average: break;
        }
        return in[0].mean({2, 3}, true);
    }
    at::Tensor operator()(const UpsampleAttributes&) const {
        // Autocast would widen a mere copy to float32.
        const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
        return at::upsample_nearest2d(in[0], {in[1].size(2), in[1].size(3)});
    }
    at::Tensor operator()(const SelectChannelsAttributes&) const {
        const at::MemoryFormat layout = in[0].suggest_memory_format();
        return in[0].index_select(1, op.channels_.to(in[0].device())).contiguous(layout);
    }
    at::Tensor operator()(const SoftmaxAttributes&) const { return in[0].softmax(1); }
    at::Tensor operator()(const ScaleAttributes&) const {
        return in[0] * op.weight_.reshape({}); // as a number it does not widen a BF16 input
    }
    at::Tensor operator()(const FakeQuantAttributes& quant) const {
        const at::Tensor rounded =
            at::fake_quantize_per_tensor_affine(in[0].to(at::kFloat), quant.scale, quant.zero_point, 0, 255);
        return rounded.to(in[0].scalar_type());
    }
    at::Tensor operator()(const LinearAttributes& linear) const {
        // [N, C, 1, 1] -> [N, C] -> [N, out, 1, 1]
        const at::Tensor weight = op.step_.rounds_weight ? round_weight(op.weight_) : op.weight_;
        return at::linear(in[0].flatten(1), weight, op.bias_).view({in[0].size(0), linear.out_features, 1, 1});
    }
};

namespace {

MemoryError out_of_memory(const Node& node, const std::string& inputs) {
    return MemoryError(ErrorText{"graph module: node " + node.name + " (" + op_name(node.attributes) + ")",
                                 "out of memory", "", "inputs " + inputs, "use a smaller batch or smaller images"});
}

} // namespace

at::Tensor Operator::apply(std::vector<at::Tensor> inputs, const std::vector<RowGroup>& groups) const {
    try {
        at::Tensor result = std::visit(Dispatch{*this, inputs, groups}, node_->attributes);
        return activation_ == Activation::none ? result : activate_in_place(std::move(result), activation_);
    } catch (const c10::OutOfMemoryError&) {
        throw out_of_memory(*node_, describe_inputs(inputs));
    } catch (const c10::Error& error) {
        const std::string text = error.what_without_backtrace();
        if (text.find("can't allocate memory") != std::string::npos)
            throw out_of_memory(*node_, describe_inputs(inputs));
        throw ShapeError(ErrorText{"graph module: node " + node_->name + " (" + op_name(node_->attributes) + ")",
                                   text.substr(0, text.find('\n')), "", "inputs " + describe_inputs(inputs), ""});
    }
}

at::Tensor Operator::convolve(const at::Tensor& x, const ConvAttributes& conv) const {
    at::Tensor input = x, weight = weight_, bias = bias_;
    if (step_.norm >= 0) {
        const at::Tensor factor = norm_.weight * (norm_.running.variance + norm_.eps).rsqrt();
        const at::Tensor shift = norm_.bias - norm_.running.mean * factor;
        weight = (weight * factor.view({-1, 1, 1, 1})).to(weight_.scalar_type());
        bias = (bias.defined() ? bias * factor + shift : shift).to(weight_.scalar_type());
    }
    if (step_.rounds_weight) weight = round_weight(weight);
    const AxisPadding rows = conv_padding(conv, x.size(2)), columns = conv_padding(conv, x.size(3));
    std::vector<std::int64_t> pad{rows.begin, columns.begin};
    if (rows.begin != rows.end || columns.begin != columns.end) {
        input = at::constant_pad_nd(x, {columns.begin, columns.end, rows.begin, rows.end});
        pad = {0, 0};
    }
    const bool depthwise = conv.groups == x.size(1) && conv.groups == conv.out_channels;
    if (depthwise && conv.stride > 1 && conv.dilation == 1 && input.requires_grad() && computes_in_bf16(weight)) {
        const at::Tensor narrow_bias = bias.defined() ? bias.to(at::kBFloat16) : bias;
        return strided_depthwise_bf16(input.to(at::kBFloat16), weight.to(at::kBFloat16), narrow_bias, conv.stride, pad);
    }
    return at::conv2d(input, weight, bias, {conv.stride, conv.stride}, pad, {conv.dilation, conv.dilation},
                      conv.groups);
}

at::Tensor Operator::normalise(const at::Tensor& x, const std::vector<RowGroup>& groups) const {
    if (!step_.batch_statistics || norm_.sets.empty()) return normalise(x, norm_.running);
    BANYAN_CHECK(!groups.empty(), "graph module: node ", node_->name,
                 ": its statistics are kept by data set, but the data sets of the rows are not given (row_sets)");
    if (groups.size() == 1) return normalise(x, norm_.sets.at(groups[0].set));
    std::vector<std::int64_t> rows;
    for (const RowGroup& group : groups) rows.push_back(group.rows);
    std::vector<at::Tensor> parts = x.split_with_sizes(rows, 0);
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = normalise(parts[i], norm_.sets.at(groups[i].set));
    return at::cat(parts, 0);
}

at::Tensor Operator::normalise(const at::Tensor& x, const NormStatistics& running) const {
    // One value a channel has no variance: a branch or data set that got one row, at a level of one cell, keeps its
    // statistics.
    const bool batch_statistics = step_.batch_statistics && x.numel() > x.size(1);
    return at::batch_norm(x, norm_.weight, norm_.bias, running.mean, running.variance, batch_statistics, kNormMomentum,
                          norm_.eps, /*cudnn_enabled=*/true);
}

at::Tensor Operator::sum(const at::Tensor& a, const at::Tensor& b) const {
    if (a.sizes() != b.sizes()) {
        throw ShapeError(ErrorText{"graph module: node " + node_->name + " (add)", "inputs do not fit",
                                   "two inputs of one shape", describe_inputs({a, b}),
                                   "use an image size that the network's largest stride divides"});
    }
    if (step_.overwrites < 0 || a.scalar_type() != b.scalar_type()) return a + b;
    at::Tensor target = step_.overwrites == 0 ? a : b;
    return target.add_(step_.overwrites == 0 ? b : a);
}

std::string Operator::describe_inputs(const std::vector<at::Tensor>& inputs) const {
    std::string text;
    for (const at::Tensor& input : inputs) {
        text += detail::concat_parts(text.empty() ? "" : ", ", input.scalar_type(), " ", input.sizes());
    }
    return text;
}

} // namespace banyan
