#include "graph/shape_inference.h"

#include <algorithm>

#include "core/check.h"

namespace banyan {

namespace {

using Shapes = std::vector<ValueShape>;

[[noreturn]] void fail_shape(const Node& node, const Shapes& inputs, const std::string& expected) {
    std::string found;
    for (const ValueShape& shape : inputs) found += (found.empty() ? "" : ", ") + to_text(shape);
    throw ShapeError(ErrorText{"graph: node " + node.name + " (" + op_name(node.attributes) + ")", "inputs do not fit",
                               expected, found.empty() ? "no input" : found, ""});
}

std::int64_t window_count(std::int64_t in, std::int64_t total_pad, std::int64_t kernel, std::int64_t stride) {
    const std::int64_t room = in + total_pad - kernel;
    return room < 0 ? 0 : room / stride + 1;
}

/// @param kernel pixels from the first to the last place of the window
void check_window(const Node& node, std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
    BANYAN_CHECK(kernel >= 1 && kernel <= kMaxWindow && stride >= 1 && stride <= kMaxWindow && pad >= 0 && pad < kernel,
                 "graph: node ", node.name, ": expected kernel and stride in [1, ", kMaxWindow,
                 "] and 0 <= pad < kernel, found kernel ", kernel, ", stride ", stride, ", pad ", pad);
}

/// One function per operator: output shape from input shapes.
class Inference {
public:
    Inference(const Node& node, const Shapes& inputs) : node_(node), inputs_(inputs) {}

    ValueShape operator()(const ConvAttributes& conv) const {
        const ValueShape& in = only_input();
        check_window(node_, conv.kernel, conv.stride, 0);
        BANYAN_CHECK(conv.dilation >= 1 && conv.dilation <= kMaxWindow, "graph: node ", node_.name,
                     ": expected a dilation in [1, ", kMaxWindow, "], found ", conv.dilation);
        check_window(node_, conv.span(), conv.stride, conv.pad);
        check_channels("out_channels", conv.out_channels);
        BANYAN_CHECK(conv.groups >= 1 && conv.out_channels % conv.groups == 0, "graph: node ", node_.name,
                     ": expected out_channels to be a multiple of groups, found ", conv.out_channels, " and ",
                     conv.groups);
        BANYAN_CHECK(conv.padding == Padding::symmetric || conv.pad == 0, "graph: node ", node_.name,
                     ": expected pad 0 with padding same_tf, found ", conv.pad);
        if (in.channels % conv.groups != 0) fail("channels divisible by groups " + std::to_string(conv.groups));
        check_elements(conv.out_channels * (in.channels / conv.groups), conv.kernel * conv.kernel);
        const AxisPadding rows = conv_padding(conv, in.height), columns = conv_padding(conv, in.width);
        return checked({conv.out_channels, window_count(in.height, rows.begin + rows.end, conv.span(), conv.stride),
                        window_count(in.width, columns.begin + columns.end, conv.span(), conv.stride)});
    }
    ValueShape operator()(const BatchNormAttributes& norm) const {
        check_eps(norm.eps);
        return only_input();
    }
    ValueShape operator()(const GroupNormAttributes& norm) const {
        check_eps(norm.eps);
        BANYAN_CHECK(norm.groups >= 1, "graph: node ", node_.name, ": expected groups >= 1, found ", norm.groups);
        if (only_input().channels % norm.groups != 0)
            fail("channels divisible by groups " + std::to_string(norm.groups));
        return only_input();
    }
    ValueShape operator()(const ActivationAttributes&) const { return only_input(); }
    ValueShape operator()(const ScaleAttributes&) const { return only_input(); }
    ValueShape operator()(const FakeQuantAttributes& quant) const {
        BANYAN_CHECK(quant.scale > 0 && quant.scale <= kMaxQuantScale, "graph: node ", node_.name,
                     ": expected a scale in (0, ", kMaxQuantScale, "], found ", quant.scale);
        BANYAN_CHECK(quant.zero_point >= 0 && quant.zero_point <= 255, "graph: node ", node_.name,
                     ": expected a zero_point in [0, 255], found ", quant.zero_point);
        return only_input();
    }
    ValueShape operator()(const AddAttributes&) const {
        if (inputs_.size() != 2 || inputs_[0] != inputs_[1]) fail("two inputs of one shape");
        return inputs_[0];
    }
    ValueShape operator()(const ConcatAttributes&) const {
        if (inputs_.size() < 2) fail("two or more inputs");
        ValueShape sum{0, inputs_[0].height, inputs_[0].width};
        for (const ValueShape& in : inputs_) {
            if (in.height != sum.height || in.width != sum.width) fail("inputs of one height and width");
            sum.channels += in.channels;
        }
        check_channels("channels", sum.channels);
        return sum;
    }
    ValueShape operator()(const PoolAttributes& pool) const {
        const ValueShape& in = only_input();
        if (pool.kind == PoolAttributes::Kind::global_average) return {in.channels, 1, 1};
        check_window(node_, pool.kernel, pool.stride, pool.pad);
        BANYAN_CHECK(2 * pool.pad <= pool.kernel, "graph: node ", node_.name,
                     ": expected pad <= kernel / 2, found pad ", pool.pad, ", kernel ", pool.kernel);
        return checked({in.channels, window_count(in.height, 2 * pool.pad, pool.kernel, pool.stride),
                        window_count(in.width, 2 * pool.pad, pool.kernel, pool.stride)});
    }
    ValueShape operator()(const UpsampleAttributes&) const {
        if (inputs_.size() != 2) fail("two inputs");
        const ValueShape &in = inputs_[0], &like = inputs_[1];
        if (like.height < in.height || like.width < in.width) fail("a second input at least as large as the first");
        return {in.channels, like.height, like.width};
    }
    ValueShape operator()(const SelectChannelsAttributes& select) const {
        const ValueShape& in = only_input();
        const auto count = static_cast<std::int64_t>(select.channels.size());
        check_channels("channels", count);
        for (const std::int64_t channel : select.channels) {
            if (channel < 0 || channel >= in.channels) fail("a channel " + std::to_string(channel));
        }
        return {count, in.height, in.width};
    }
    ValueShape operator()(const SoftmaxAttributes&) const { return only_input(); }
    ValueShape operator()(const LinearAttributes& linear) const {
        const ValueShape& in = only_input();
        check_channels("out_features", linear.out_features);
        if (in.height != 1 || in.width != 1) fail("an input of height and width 1");
        check_elements(linear.out_features, in.channels);
        return {linear.out_features, 1, 1};
    }

private:
    [[noreturn]] void fail(const std::string& expected) const { fail_shape(node_, inputs_, expected); }
    const ValueShape& only_input() const {
        if (inputs_.size() != 1) fail("one input");
        return inputs_[0];
    }
    ValueShape checked(const ValueShape& shape) const {
        if (shape.height < 1 || shape.width < 1) fail("an input at least as large as the kernel");
        if (shape.height > kMaxExtent || shape.width > kMaxExtent) {
            fail("a result of height and width <= " + std::to_string(kMaxExtent));
        }
        return shape;
    }
    void check_eps(double eps) const {
        BANYAN_CHECK(eps > 0 && eps <= 1, "graph: node ", node_.name, ": expected eps in (0, 1], found ", eps);
    }
    void check_channels(const char* what, std::int64_t channels) const {
        BANYAN_CHECK(channels >= 1 && channels <= kMaxChannels, "graph: node ", node_.name, ": expected ", what,
                     " in [1, ", kMaxChannels, "], found ", channels);
    }
    /// Both factors fit 64 bits by the limits of channels and kernels.
    void check_elements(std::int64_t rows, std::int64_t columns) const {
        BANYAN_CHECK(rows <= kMaxElements / columns, "graph: node ", node_.name, ": expected a weight of at most ",
                     kMaxElements, " numbers, found ", rows, " * ", columns);
    }

    const Node& node_;
    const Shapes& inputs_;
};

Parameter make_parameter(std::vector<std::int64_t> shape, ParameterRole role) {
    Parameter parameter;
    parameter.shape = std::move(shape);
    parameter.role = role;
    const bool starts_at_one =
        role == ParameterRole::norm_weight || role == ParameterRole::running_var || role == ParameterRole::scale;
    parameter.init_value = starts_at_one ? 1 : 0;
    return parameter;
}

struct RequiredParameters {
    const Shapes& inputs;
    using Map = std::map<std::string, Parameter>;

    Map operator()(const ConvAttributes& conv) const {
        const std::int64_t in = inputs.at(0).channels / conv.groups;
        Map map{{conv.parameters + ".weight",
                 make_parameter({conv.out_channels, in, conv.kernel, conv.kernel}, ParameterRole::conv_weight)}};
        if (conv.bias) map[conv.parameters + ".bias"] = make_parameter({conv.out_channels}, ParameterRole::bias);
        return map;
    }
    Map operator()(const BatchNormAttributes& norm) const {
        const std::vector<std::int64_t> shape{inputs.at(0).channels};
        return {{norm.parameters + ".weight", make_parameter(shape, ParameterRole::norm_weight)},
                {norm.parameters + ".bias", make_parameter(shape, ParameterRole::norm_bias)},
                {norm.parameters + ".running_mean", make_parameter(shape, ParameterRole::running_mean)},
                {norm.parameters + ".running_var", make_parameter(shape, ParameterRole::running_var)}};
    }
    Map operator()(const GroupNormAttributes& norm) const {
        const std::vector<std::int64_t> shape{inputs.at(0).channels};
        return {{norm.parameters + ".weight", make_parameter(shape, ParameterRole::norm_weight)},
                {norm.parameters + ".bias", make_parameter(shape, ParameterRole::norm_bias)}};
    }
    Map operator()(const ScaleAttributes& scale) const {
        return {{scale.parameters + ".scale", make_parameter({1}, ParameterRole::scale)}};
    }
    Map operator()(const LinearAttributes& linear) const {
        const std::int64_t in = inputs.at(0).channels;
        const std::vector<std::int64_t> shape{linear.out_features, in};
        return {{linear.parameters + ".weight", make_parameter(shape, ParameterRole::linear_weight)},
                {linear.parameters + ".bias", make_parameter({linear.out_features}, ParameterRole::bias)}};
    }
    template <typename Other>
    Map operator()(const Other&) const {
        return {};
    }
};

} // namespace

std::string to_text(const ValueShape& shape) {
    return detail::concat_parts("[C ", shape.channels, ", H ", shape.height, ", W ", shape.width, "]");
}

AxisPadding conv_padding(const ConvAttributes& attributes, std::int64_t in) {
    if (attributes.padding == Padding::symmetric) return {attributes.pad, attributes.pad};
    const std::int64_t out = (in + attributes.stride - 1) / attributes.stride;
    const std::int64_t total = std::max<std::int64_t>((out - 1) * attributes.stride + attributes.span() - in, 0);
    return {total / 2, total - total / 2};
}

ValueShape infer_shape(const Node& node, const Shapes& inputs) {
    return std::visit(Inference(node, inputs), node.attributes);
}

std::map<std::string, Parameter> required_parameters(const Node& node, const Shapes& inputs) {
    return std::visit(RequiredParameters{inputs}, node.attributes);
}

Graph resized(Graph graph, std::int64_t height, std::int64_t width) {
    ValueShape& image = graph.values.at(static_cast<std::size_t>(graph.input)).shape;
    image.height = height;
    image.width = width;
    for (const Node& node : graph.nodes) {
        graph.values.at(static_cast<std::size_t>(node.output)).shape = infer_shape(node, input_shapes(graph, node));
    }
    return graph;
}

std::vector<ValueShape> input_shapes(const Graph& graph, const Node& node) {
    std::vector<ValueShape> shapes;
    for (const ValueId id : node.inputs) shapes.push_back(graph.value(id).shape);
    return shapes;
}

} // namespace banyan
