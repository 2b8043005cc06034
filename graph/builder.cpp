#include "graph/builder.h"

#include "core/check.h"
#include "graph/shape_inference.h"
#include "graph/verifier.h"

namespace banyan {

GraphBuilder::GraphBuilder(std::int64_t height, std::int64_t width) {
    BANYAN_CHECK(height >= 1 && width >= 1 && height <= kMaxExtent && width <= kMaxExtent,
                 "graph: expected an input height and width in [1, ", kMaxExtent, "], found ", height, " x ", width);
    graph_.values.push_back({kImageName, {kImageChannels, height, width}, -1});
    graph_.input = 0;
    names_.insert(kImageName);
}

namespace {

/// The attributes with the node's name as parameter prefix when they have none.
template <typename WithParameters>
WithParameters with_prefix(WithParameters attributes, const std::string& name) {
    if (attributes.parameters.empty()) attributes.parameters = name;
    return attributes;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
    std::string text = "[";
    for (const std::int64_t extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
    return text + "]";
}

void apply_init(Parameter& parameter, const LayerInit& init) {
    if (parameter.role == ParameterRole::conv_weight || parameter.role == ParameterRole::linear_weight) {
        parameter.init_std = init.weight_std;
    }
    if (parameter.role == ParameterRole::bias) {
        parameter.init_value = init.bias;
        parameter.init_pattern = init.bias_pattern;
    }
}

} // namespace

ValueId GraphBuilder::conv(ValueId x, const std::string& name, ConvAttributes attributes, const LayerInit& init) {
    return append(name, with_prefix(std::move(attributes), name), {x}, init);
}

ValueId GraphBuilder::batch_norm(ValueId x, const std::string& name, BatchNormAttributes attributes) {
    return append(name, with_prefix(std::move(attributes), name), {x});
}

ValueId GraphBuilder::group_norm(ValueId x, const std::string& name, GroupNormAttributes attributes) {
    return append(name, with_prefix(std::move(attributes), name), {x});
}

ValueId GraphBuilder::activation(ValueId x, const std::string& name, Activation kind) {
    if (kind == Activation::none) return x;
    return append(name, ActivationAttributes{kind}, {x});
}

ValueId GraphBuilder::add(ValueId a, ValueId b, const std::string& name) {
    return append(name, AddAttributes{}, {a, b});
}

ValueId GraphBuilder::concat(const std::vector<ValueId>& inputs, const std::string& name) {
    return append(name, ConcatAttributes{}, inputs);
}

ValueId GraphBuilder::max_pool(ValueId x, const std::string& name, std::int64_t kernel, std::int64_t stride,
                               std::int64_t pad) {
    return append(name, PoolAttributes{PoolAttributes::Kind::max, kernel, stride, pad}, {x});
}

ValueId GraphBuilder::average_pool(ValueId x, const std::string& name, std::int64_t kernel, std::int64_t stride,
                                   std::int64_t pad) {
    return append(name, PoolAttributes{PoolAttributes::Kind::average, kernel, stride, pad}, {x});
}

ValueId GraphBuilder::global_average_pool(ValueId x, const std::string& name) {
    return append(name, PoolAttributes{PoolAttributes::Kind::global_average, 1, 1, 0}, {x});
}

ValueId GraphBuilder::upsample_like(ValueId x, ValueId like, const std::string& name) {
    return append(name, UpsampleAttributes{}, {x, like});
}

ValueId GraphBuilder::select_channels(ValueId x, const std::string& name, std::vector<std::int64_t> channels) {
    return append(name, SelectChannelsAttributes{std::move(channels)}, {x});
}

ValueId GraphBuilder::softmax(ValueId x, const std::string& name) { return append(name, SoftmaxAttributes{}, {x}); }

ValueId GraphBuilder::scale(ValueId x, const std::string& name, ScaleAttributes attributes, double init) {
    attributes = with_prefix(std::move(attributes), name);
    const std::string parameter = attributes.parameters + ".scale";
    const bool is_new = graph_.parameters.count(parameter) == 0;
    const ValueId value = append(name, std::move(attributes), {x});
    if (is_new) graph_.parameters.at(parameter).init_value = init;
    return value;
}

ValueId GraphBuilder::linear(ValueId x, const std::string& name, LinearAttributes attributes, const LayerInit& init) {
    return append(name, with_prefix(std::move(attributes), name), {x}, init);
}

ValueId GraphBuilder::fake_quant(ValueId x, const std::string& name, const FakeQuantAttributes& attributes) {
    return append(name, attributes, {x});
}

ValueId GraphBuilder::conv_bn_act(ValueId x, const std::string& name, const ConvBnActOptions& options) {
    ConvAttributes conv_attributes;
    conv_attributes.out_channels = options.out_channels;
    conv_attributes.kernel = options.kernel;
    conv_attributes.stride = options.stride;
    conv_attributes.pad = options.padding == Padding::symmetric ? (options.kernel - 1) / 2 : 0;
    conv_attributes.groups = options.groups;
    conv_attributes.padding = options.padding;
    conv_attributes.parameters = name + ".conv";
    const std::string& suffix = options.suffix;
    ValueId value = conv(x, name + ".conv" + suffix, conv_attributes, options.init);
    value = options.norm.kind == NormKind::batch
                ? batch_norm(value, name + ".bn" + suffix, {options.eps, ""})
                : group_norm(value, name + ".gn" + suffix, {options.norm.groups, options.eps, ""});
    return activation(value, name + ".act" + suffix, options.activation);
}

ValueId GraphBuilder::separable_bn_act(ValueId x, const std::string& name, const ConvBnActOptions& options) {
    const std::int64_t channels = shape(x).channels;
    ConvAttributes depthwise;
    depthwise.out_channels = channels;
    depthwise.kernel = options.kernel;
    depthwise.stride = options.stride;
    depthwise.pad = options.padding == Padding::symmetric ? (options.kernel - 1) / 2 : 0;
    depthwise.groups = channels;
    depthwise.padding = options.padding;
    depthwise.parameters = name + ".dw";
    const ValueId value = conv(x, name + ".dw" + options.suffix, depthwise, options.init);

    ConvBnActOptions pointwise = options;
    pointwise.kernel = 1;
    pointwise.stride = 1;
    return conv_bn_act(value, name, pointwise);
}

void GraphBuilder::output(const std::string& name, ValueId value) {
    check_value(value, "output " + name);
    BANYAN_CHECK(!name.empty(), "graph: an output needs a name");
    BANYAN_CHECK(graph_.outputs.emplace(name, value).second, "graph: output \"", name, "\" exists already");
}

const ValueShape& GraphBuilder::shape(ValueId value) const {
    check_value(value, "shape()");
    return graph_.value(value).shape;
}

Graph GraphBuilder::build() const {
    verify(graph_);
    return graph_;
}

ValueId GraphBuilder::append(const std::string& name, Attributes attributes, std::vector<ValueId> inputs,
                             const LayerInit& init) {
    BANYAN_CHECK(!name.empty(), "graph: a ", op_name(attributes), " node needs a name");
    BANYAN_CHECK(names_.count(name) == 0, "graph: node name \"", name, "\" exists already");
    for (const ValueId id : inputs) check_value(id, name);

    Node node{name, std::move(attributes), std::move(inputs), static_cast<ValueId>(graph_.values.size())};
    const ValueShape shape = infer_shape(node, input_shapes(graph_, node));
    declare_parameters(node, init);
    names_.insert(name);
    graph_.values.push_back({name, shape, static_cast<int>(graph_.nodes.size())});
    graph_.nodes.push_back(std::move(node));
    return graph_.nodes.back().output;
}

void GraphBuilder::check_value(ValueId value, const std::string& node_name) const {
    BANYAN_CHECK(value >= 0 && static_cast<std::size_t>(value) < graph_.values.size(), "graph: ", node_name,
                 ": expected a value in [0, ", graph_.values.size(), "), found ", value);
}

void GraphBuilder::declare_parameters(const Node& node, const LayerInit& init) {
    const auto required = required_parameters(node, input_shapes(graph_, node));
    for (const auto& [name, parameter] : required) { // all checks first: a failed append leaves the graph as it was
        const auto found = graph_.parameters.find(name);
        if (found == graph_.parameters.end()) continue;
        if (found->second.shape == parameter.shape && found->second.role == parameter.role) continue;
        throw ShapeError(ErrorText{"graph: node " + node.name, "shared parameter \"" + name + "\" does not fit",
                                   shape_text(parameter.shape), shape_text(found->second.shape), ""});
    }
    for (auto [name, parameter] : required) {
        apply_init(parameter, init);
        graph_.parameters.emplace(name, parameter);
    }
}

} // namespace banyan
