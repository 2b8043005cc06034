#include "graph/onnx_nodes.h"

#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "core/check.h"
#include "graph/byte_values.h"
#include "graph/quantized_weight.h"
#include "graph/shape_inference.h"

namespace banyan {

namespace {

using Integers = std::vector<std::int64_t>;
using Names = std::vector<std::string>;
using OnnxAttributes = std::vector<OnnxAttribute>;

/// Whether rounding cannot matter when an index of the larger axis is scaled to the smaller one and cut off: the scale
/// is whole, or no index but 0 falls on one exactly.
bool scales_exactly(std::int64_t in, std::int64_t out) { return out % in == 0 || std::gcd(in, out) == 1; }

/// For each place of the larger axis the one of the smaller axis that it copies.
Integers source_indices(std::int64_t in, std::int64_t out) {
    Integers indices;
    for (std::int64_t i = 0; i < out; ++i) indices.push_back(i * in / out);
    return indices;
}

/// Writes nodes one after the other; one function per operator.
class NodeWriter {
public:
    NodeWriter(const Graph& graph, const HostTensors& tensors, std::int64_t batch, const Names& names, OnnxGraph& onnx)
        : graph_(graph), tensors_(tensors), batch_(batch), names_(names), onnx_(onnx), roundings_(roundings(graph)) {}

    void write(const Node& node) {
        node_ = &node;
        std::visit(*this, node.attributes);
    }

    void operator()(const ConvAttributes& conv) {
        const AxisPadding rows = conv_padding(conv, in().height), columns = conv_padding(conv, in().width);
        const std::string weight_name = conv.parameters + ".weight";
        Names inputs{input(0), weight(weight_name, graph_.parameters.at(weight_name).shape)};
        if (conv.bias) inputs.push_back(parameter(conv.parameters + ".bias"));
        OnnxAttributes attributes{{"kernel_shape", Integers{conv.kernel, conv.kernel}},
                                  {"strides", Integers{conv.stride, conv.stride}},
                                  {"pads", Integers{rows.begin, columns.begin, rows.end, columns.end}},
                                  {"group", conv.groups}};
        if (conv.dilation != 1) attributes.push_back({"dilations", Integers{conv.dilation, conv.dilation}});
        finish("Conv", inputs, attributes);
    }

    void operator()(const LinearAttributes& linear) {
        // On [N, C, 1, 1] a linear layer is a 1x1 convolution, and needs no change of rank.
        const OnnxDims dims{linear.out_features, in().channels, 1, 1};
        finish("Conv", {input(0), weight(linear.parameters + ".weight", dims), parameter(linear.parameters + ".bias")},
               {{"kernel_shape", Integers{1, 1}}});
    }

    void operator()(const BatchNormAttributes& norm) {
        finish("BatchNormalization",
               {input(0), parameter(norm.parameters + ".weight"), parameter(norm.parameters + ".bias"),
                parameter(norm.parameters + ".running_mean"), parameter(norm.parameters + ".running_var")},
               {{"epsilon", static_cast<float>(norm.eps)}});
    }

    void operator()(const GroupNormAttributes& norm) {
        // Opset 17 has no group norm: the groups become the channels of an instance norm.
        const OnnxDims per_channel{1, in().channels, 1, 1};
        const auto groups = static_cast<std::size_t>(norm.groups);
        const std::string ones = initializer("group_norm.ones", {norm.groups}, std::vector<float>(groups, 1));
        const std::string zeros = initializer("group_norm.zeros", {norm.groups}, std::vector<float>(groups, 0));
        const std::string by_group = integers(".group_shape", {batch_, norm.groups, -1});
        const std::string whole = integers(".shape", {batch_, in().channels, in().height, in().width});
        const std::string rows = step(".rows", "Reshape", {input(0), by_group});
        const std::string normalised = step(".normalised", "InstanceNormalization", {rows, ones, zeros},
                                            {{"epsilon", static_cast<float>(norm.eps)}});
        const std::string back = step(".back", "Reshape", {normalised, whole});
        const std::string scaled = step(".scaled", "Mul", {back, parameter(norm.parameters + ".weight", per_channel)});
        finish("Add", {scaled, parameter(norm.parameters + ".bias", per_channel)});
    }

    void operator()(const ActivationAttributes& activation) {
        switch (activation.kind) {
        case Activation::none: return finish("Identity", {input(0)});
        case Activation::relu: return finish("Relu", {input(0)});
        case Activation::relu6:
            return finish("Clip", {input(0), initializer("relu6.low", {}, {0}), initializer("relu6.high", {}, {6})});
        case Activation::silu: return finish("Mul", {input(0), step(".sigmoid", "Sigmoid", {input(0)})});
        case Activation::hard_swish: return finish("HardSwish", {input(0)});
        case Activation::sigmoid: return finish("Sigmoid", {input(0)});
        }
    }

    void operator()(const AddAttributes&) { finish("Add", {input(0), input(1)}); }

    void operator()(const ConcatAttributes&) {
        Names inputs;
        for (std::size_t i = 0; i < node_->inputs.size(); ++i) inputs.push_back(input(i));
        finish("Concat", inputs, {{"axis", std::int64_t{1}}});
    }

    void operator()(const PoolAttributes& pool) {
        if (pool.kind == PoolAttributes::Kind::global_average) return finish("GlobalAveragePool", {input(0)});
        OnnxAttributes attributes{{"kernel_shape", Integers{pool.kernel, pool.kernel}},
                                  {"strides", Integers{pool.stride, pool.stride}},
                                  {"pads", Integers(4, pool.pad)}};
        if (pool.kind == PoolAttributes::Kind::max) return finish("MaxPool", {input(0)}, attributes);
        attributes.push_back({"count_include_pad", std::int64_t{1}});
        finish("AveragePool", {input(0)}, attributes);
    }

    void operator()(const UpsampleAttributes&) {
        const ValueShape& out = graph_.value(node_->output).shape;
        if (scales_exactly(in().height, out.height) && scales_exactly(in().width, out.width)) {
            const std::string size = integers(".size", {batch_, out.channels, out.height, out.width});
            return finish(
                "Resize", {input(0), "", "", size},
                {{"mode", "nearest"}, {"coordinate_transformation_mode", "asymmetric"}, {"nearest_mode", "floor"}});
        }
        // Resize divides by a rounded scale and takes a neighbour where the exact quotient is a whole number.
        const std::string row_indices = integers(".row_indices", source_indices(in().height, out.height));
        const std::string column_indices = integers(".column_indices", source_indices(in().width, out.width));
        const std::string rows = step(".rows", "Gather", {input(0), row_indices}, {{"axis", std::int64_t{2}}});
        finish("Gather", {rows, column_indices}, {{"axis", std::int64_t{3}}});
    }

    void operator()(const FakeQuantAttributes& quant) {
        const std::string scale = initializer(node_->name + ".scale", {}, {static_cast<float>(quant.scale)});
        const std::string zero = onnx_.new_name(node_->name + ".zero_point");
        onnx_.add_bytes(zero, {}, {static_cast<std::uint8_t>(quant.zero_point)});
        const std::string bytes = step(".bytes", "QuantizeLinear", {input(0), scale, zero});
        finish("DequantizeLinear", {bytes, scale, zero});
    }

    void operator()(const SelectChannelsAttributes& select) {
        finish("Gather", {input(0), integers(".channels", select.channels)}, {{"axis", std::int64_t{1}}});
    }

    void operator()(const SoftmaxAttributes&) { finish("Softmax", {input(0)}, {{"axis", std::int64_t{1}}}); }

    void operator()(const ScaleAttributes& scale) { finish("Mul", {input(0), parameter(scale.parameters + ".scale")}); }

private:
    std::string input(std::size_t place) const { return names_.at(static_cast<std::size_t>(node_->inputs.at(place))); }
    const ValueShape& in() const { return graph_.value(node_->inputs.at(0)).shape; }

    /// The operator that makes the node's own value.
    void finish(const std::string& type, const Names& inputs, const OnnxAttributes& attributes = {}) {
        onnx_.add_node({type, node_->name, inputs, names_.at(static_cast<std::size_t>(node_->output)), attributes});
    }

    /// An operator on the way there. @return the name of what it makes
    std::string step(const std::string& suffix, const std::string& type, const Names& inputs,
                     const OnnxAttributes& attributes = {}) {
        const std::string name = onnx_.new_name(node_->name + suffix);
        onnx_.add_node({type, name, inputs, name, attributes});
        return name;
    }

    /// Whole numbers that belong to this node alone.
    std::string integers(const std::string& suffix, const Integers& numbers) {
        const std::string name = onnx_.new_name(node_->name + suffix);
        onnx_.add_integers(name, {static_cast<std::int64_t>(numbers.size())}, numbers);
        return name;
    }

    /// Weights of the current node: in 8 bits where it reads bytes, as the engine has them. @param dims see parameter()
    std::string weight(const std::string& name, const OnnxDims& dims) {
        if (!roundings_.at(static_cast<std::size_t>(node_->inputs[0]))) return parameter(name, dims);
        const auto [entry, is_new] = byte_weights_.try_emplace({name, dims});
        if (is_new) entry->second = restored_weight(quantize_weight(name, value_of(name)), name, dims);
        return entry->second;
    }

    /// Appends the operator that makes floats of a weight's bytes. @return the name of what it makes
    std::string restored_weight(const QuantizedWeight& quantized, const std::string& name, const OnnxDims& dims) {
        const OnnxDims channels{dims.at(0)};
        const std::string bytes = onnx_.new_name(name), scale = onnx_.new_name(name + ".scale"),
                          zero = onnx_.new_name(name + ".zero_point"), restored = onnx_.new_name(name + ".restored");
        onnx_.add_signed_bytes(bytes, dims, quantized.data);
        onnx_.add_floats(scale, channels, quantized.scales);
        onnx_.add_signed_bytes(zero, channels, std::vector<std::int8_t>(quantized.scales.size(), 0));
        onnx_.add_node({"DequantizeLinear", restored, {bytes, scale, zero}, restored, {{"axis", std::int64_t{0}}}});
        return restored;
    }

    std::string parameter(const std::string& name) { return parameter(name, graph_.parameters.at(name).shape); }

    /// @param dims the parameter's shape but for extents of 1
    std::string parameter(const std::string& name, const OnnxDims& dims) {
        return initializer(name, dims, value_of(name).data);
    }

    const HostTensor& value_of(const std::string& name) const {
        const auto found = tensors_.find(name);
        BANYAN_CHECK(found != tensors_.end(), "onnx: node ", node_->name, ": parameter \"", name, "\" has no value");
        const HostTensor& tensor = found->second;
        BANYAN_CHECK(tensor.shape == graph_.parameters.at(name).shape &&
                         tensor.count() == static_cast<std::int64_t>(tensor.data.size()),
                     "onnx: node ", node_->name, ": the value of \"", name, "\" has the wrong size");
        return tensor;
    }

    /// The initializer of this name and shape, made at its first use.
    std::string initializer(const std::string& name, const OnnxDims& dims, const std::vector<float>& numbers) {
        const auto [entry, is_new] = initializers_.try_emplace({name, dims});
        if (is_new) {
            entry->second = onnx_.new_name(name);
            onnx_.add_floats(entry->second, dims, numbers);
        }
        return entry->second;
    }

    const Graph& graph_;
    const HostTensors& tensors_;
    std::int64_t batch_;
    const Names& names_;
    OnnxGraph& onnx_;
    const Node* node_ = nullptr;
    std::vector<std::optional<FakeQuantAttributes>> roundings_;                           ///< by value
    std::map<std::pair<std::string, OnnxDims>, std::string> initializers_, byte_weights_; ///< names of tensors
};

} // namespace

void append_onnx_nodes(const Graph& graph, const HostTensors& tensors, std::int64_t batch, const Names& names,
                       OnnxGraph& onnx) {
    NodeWriter writer(graph, tensors, batch, names, onnx);
    for (const Node& node : graph.nodes) writer.write(node);
}

} // namespace banyan
