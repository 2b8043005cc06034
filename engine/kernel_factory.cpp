#include "engine/kernel_factory.h"

#include <utility>

#include "core/error.h"
#include "engine/onednn_kernel.h"
#include "engine/plain_kernels.h"
#include "graph/shape_inference.h"

namespace banyan {

namespace {

using dnnl::algorithm;
using dnnl::memory;

constexpr auto kInference = dnnl::prop_kind::forward_inference;

struct Eltwise {
    algorithm kind;
    float alpha, beta;
};

Eltwise eltwise_of(Activation activation) {
    switch (activation) {
    case Activation::relu: return {algorithm::eltwise_relu, 0, 0};
    case Activation::relu6: return {algorithm::eltwise_clip, 0, 6};
    case Activation::silu: return {algorithm::eltwise_swish, 1, 0};
    case Activation::hard_swish: return {algorithm::eltwise_hardswish, 1.0F / 6, 0.5F};
    case Activation::sigmoid: return {algorithm::eltwise_logistic, 0, 0};
    case Activation::none: break;
    }
    return {algorithm::eltwise_linear, 1, 0};
}

/// One number that a kernel is given while it runs.
template <typename Number>
memory number_memory(Number number, memory::data_type type, const dnnl::engine& engine) {
    memory result({{1}, type, memory::format_tag::a}, engine);
    *static_cast<Number*>(result.get_data_handle()) = number;
    return result;
}

/// How a u8 argument is to be read or written.
void describe_storage(dnnl::primitive_attr& attributes, int argument, const Storage& storage) {
    if (!storage.is_quantized()) return;
    attributes.set_scales_mask(argument, 0);
    if (storage.zero_point != 0) attributes.set_zero_points_mask(argument, 0);
}

void pass_storage(OneDnnKernel& kernel, int argument, const Storage& storage, const dnnl::engine& engine) {
    if (!storage.is_quantized()) return;
    kernel.pass(DNNL_ARG_ATTR_SCALES | argument, number_memory(storage.scale, memory::data_type::f32, engine));
    if (storage.zero_point == 0) return;
    kernel.pass(DNNL_ARG_ATTR_ZERO_POINTS | argument,
                number_memory(storage.zero_point, memory::data_type::s32, engine));
}

/// Copies a value to one of another storage.
std::unique_ptr<Kernel> make_conversion(const ValueMemory& from, const ValueMemory& to, const dnnl::engine& engine) {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    describe_storage(attributes, DNNL_ARG_FROM, from.storage);
    describe_storage(attributes, DNNL_ARG_TO, to.storage);
    const dnnl::reorder::primitive_desc description(engine, description_of(from), engine, description_of(to),
                                                    attributes);
    auto kernel = std::make_unique<OneDnnKernel>(description, dnnl::reorder(description));
    kernel->pass(DNNL_ARG_FROM, memory_of(from, engine));
    kernel->pass(DNNL_ARG_TO, memory_of(to, engine));
    pass_storage(*kernel, DNNL_ARG_FROM, from.storage, engine);
    pass_storage(*kernel, DNNL_ARG_TO, to.storage, engine);
    return kernel;
}

/// Makes one kernel; one function per kind of node.
class KernelMaker {
public:
    KernelMaker(const Graph& graph, const Operation& operation, const ValuePlaces& places, WeightStore& weights)
        : graph_(graph), operation_(operation), places_(places), weights_(weights), engine_(weights.engine()),
          result_(places(operation.output)) {
        for (const ValueId value : operation.inputs) inputs_.push_back(places(value));
        attributes_.set_scratchpad_mode(dnnl::scratchpad_mode::user);
        dnnl::post_ops list;
        for (const PostOperation& post : operation.post) append(list, post);
        attributes_.set_post_ops(list);
    }

    std::unique_ptr<Kernel> operator()(const ConvAttributes& conv) {
        const ValueShape& in = inputs_[0].shape;
        const AxisPadding rows = conv_padding(conv, in.height), columns = conv_padding(conv, in.width);
        memory::dims weights{conv.out_channels, in.channels / conv.groups, conv.kernel, conv.kernel};
        if (conv.groups > 1) {
            weights[0] /= conv.groups;
            weights.insert(weights.begin(), conv.groups);
        }
        const Window window{{conv.stride, conv.stride},
                            {rows.begin, columns.begin},
                            {rows.end, columns.end},
                            {conv.dilation - 1, conv.dilation - 1}}; // oneDNN counts the pixels left out
        return convolution(conv.parameters, conv.bias, weights, window);
    }

    std::unique_ptr<Kernel> operator()(const LinearAttributes& linear) {
        // On [N, C, 1, 1] a linear layer is a 1x1 convolution.
        const memory::dims weights{linear.out_features, inputs_[0].shape.channels, 1, 1};
        return convolution(linear.parameters, true, weights, {{1, 1}, {0, 0}, {0, 0}, {0, 0}});
    }

    std::unique_ptr<Kernel> operator()(const BatchNormAttributes& norm) {
        using dnnl::normalization_flags;
        const dnnl::batch_normalization_forward::primitive_desc description(
            engine_, kInference, description_of(inputs_[0]), description_of(result_), static_cast<float>(norm.eps),
            normalization_flags::use_global_stats | normalization_flags::use_scale | normalization_flags::use_shift,
            attributes_);
        auto kernel = start(description, dnnl::batch_normalization_forward(description));
        kernel->pass(DNNL_ARG_MEAN, weights_.vector(norm.parameters + ".running_mean"));
        kernel->pass(DNNL_ARG_VARIANCE, weights_.vector(norm.parameters + ".running_var"));
        kernel->pass(DNNL_ARG_SCALE, weights_.vector(norm.parameters + ".weight"));
        kernel->pass(DNNL_ARG_SHIFT, weights_.vector(norm.parameters + ".bias"));
        return kernel;
    }

    std::unique_ptr<Kernel> operator()(const GroupNormAttributes& norm) {
        return make_group_norm(inputs_[0], result_, norm, weights_);
    }

    std::unique_ptr<Kernel> operator()(const ActivationAttributes& activation) {
        return eltwise(eltwise_of(activation.kind));
    }

    std::unique_ptr<Kernel> operator()(const ScaleAttributes& scale) {
        return eltwise({algorithm::eltwise_linear, weights_.number(scale.parameters + ".scale"), 0});
    }

    std::unique_ptr<Kernel> operator()(const AddAttributes&) {
        const dnnl::binary::primitive_desc description(engine_, algorithm::binary_add, description_of(inputs_[0]),
                                                       description_of(inputs_[1]), description_of(result_),
                                                       attributes_);
        auto kernel = start(description, dnnl::binary(description));
        kernel->pass(DNNL_ARG_SRC_1, memory_of(inputs_[1], engine_));
        return kernel;
    }

    std::unique_ptr<Kernel> operator()(const ConcatAttributes&) {
        std::vector<memory::desc> parts;
        for (const ValueMemory& input : inputs_) parts.push_back(description_of(input));
        const dnnl::concat::primitive_desc description(engine_, description_of(result_), 1, parts, attributes_);
        auto kernel = std::make_unique<OneDnnKernel>(description, dnnl::concat(description));
        for (std::size_t i = 0; i < inputs_.size(); ++i) {
            kernel->pass(DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), memory_of(inputs_[i], engine_));
        }
        kernel->pass(DNNL_ARG_DST, memory_of(result_, engine_));
        return kernel;
    }

    std::unique_ptr<Kernel> operator()(const PoolAttributes& pool) {
        const bool global = pool.kind == PoolAttributes::Kind::global_average;
        const ValueShape& in = inputs_[0].shape;
        const memory::dims kernel = global ? memory::dims{in.height, in.width} : memory::dims{pool.kernel, pool.kernel};
        const memory::dims stride = global ? memory::dims{1, 1} : memory::dims{pool.stride, pool.stride};
        const memory::dims pad = global ? memory::dims{0, 0} : memory::dims{pool.pad, pool.pad};
        const algorithm kind =
            pool.kind == PoolAttributes::Kind::max ? algorithm::pooling_max : algorithm::pooling_avg_include_padding;
        const dnnl::pooling_forward::primitive_desc description(engine_, kInference, kind, description_of(inputs_[0]),
                                                                description_of(result_), stride, kernel, {0, 0}, pad,
                                                                pad, attributes_);
        return start(description, dnnl::pooling_forward(description));
    }

    std::unique_ptr<Kernel> operator()(const FakeQuantAttributes&) {
        return make_conversion(inputs_[0], result_, engine_);
    }

    std::unique_ptr<Kernel> operator()(const SelectChannelsAttributes& select) {
        return make_channel_selection(inputs_[0], result_, select);
    }

    std::unique_ptr<Kernel> operator()(const SoftmaxAttributes&) {
        constexpr int kChannelAxis = 1;
        const dnnl::softmax_forward::primitive_desc description(engine_, kInference, algorithm::softmax_accurate,
                                                                description_of(inputs_[0]), description_of(result_),
                                                                kChannelAxis, attributes_);
        return start(description, dnnl::softmax_forward(description));
    }

    std::unique_ptr<Kernel> operator()(const UpsampleAttributes&) { return make_upsampling(inputs_[0], result_); }

private:
    struct Window {
        memory::dims stride, pad_begin, pad_end, dilation;
    };

    void append(dnnl::post_ops& list, const PostOperation& post) {
        const Attributes& attributes = graph_.nodes[static_cast<std::size_t>(post.node)].attributes;
        if (const auto* activation = std::get_if<ActivationAttributes>(&attributes)) {
            const Eltwise eltwise = eltwise_of(activation->kind);
            list.append_eltwise(eltwise.kind, eltwise.alpha, eltwise.beta);
        } else if (const auto* scale = std::get_if<ScaleAttributes>(&attributes)) {
            list.append_eltwise(algorithm::eltwise_linear, weights_.number(scale->parameters + ".scale"), 0);
        } else if (post.in_place) {
            const Storage addend = places_(post.addend).storage;
            list.append_sum(addend.scale, addend.zero_point, to_onednn(addend.type));
        } else {
            list.append_binary(algorithm::binary_add, description_of(places_(post.addend)));
        }
    }

    /// A kernel with what every one has: first input, result, addends.
    template <typename Description, typename Primitive>
    std::unique_ptr<OneDnnKernel> start(const Description& description, const Primitive& primitive) const {
        auto kernel = std::make_unique<OneDnnKernel>(description, primitive);
        kernel->pass(DNNL_ARG_SRC_0, memory_of(inputs_[0], engine_));
        kernel->pass(DNNL_ARG_DST, memory_of(result_, engine_));
        for (std::size_t i = 0; i < operation_.post.size(); ++i) {
            const PostOperation& post = operation_.post[i];
            if (post.addend < 0 || post.in_place) continue;
            const int position = DNNL_ARG_ATTR_MULTIPLE_POST_OP(static_cast<int>(i));
            kernel->pass(position | DNNL_ARG_SRC_1, memory_of(places_(post.addend), engine_));
        }
        return kernel;
    }

    std::unique_ptr<Kernel> convolution(const std::string& parameters, bool has_bias, const memory::dims& dims,
                                        const Window& window) {
        const Storage &from = inputs_[0].storage, &to = result_.storage;
        const bool eight_bit = from.is_quantized();
        if (eight_bit) attributes_.set_scales_mask(DNNL_ARG_WEIGHTS, output_channel_mask(dims));
        describe_storage(attributes_, DNNL_ARG_SRC, from);
        describe_storage(attributes_, DNNL_ARG_DST, to);
        const memory::desc weights(dims, eight_bit ? memory::data_type::s8 : to_onednn(from.type),
                                   memory::format_tag::any);
        const memory::desc bias({result_.shape.channels}, memory::data_type::f32, memory::format_tag::a);
        const dnnl::convolution_forward::primitive_desc description(
            engine_, kInference, algorithm::convolution_direct, description_of(inputs_[0]), weights,
            has_bias ? bias : memory::desc(), description_of(result_), window.stride, window.dilation, window.pad_begin,
            window.pad_end, attributes_);
        auto kernel = start(description, dnnl::convolution_forward(description));
        const std::string weight = parameters + ".weight";
        const memory::desc wanted = description.weights_desc();
        kernel->pass(DNNL_ARG_WEIGHTS,
                     eight_bit ? weights_.get_quantized(weight, dims, wanted) : weights_.get(weight, dims, wanted));
        if (has_bias) kernel->pass(DNNL_ARG_BIAS, weights_.vector(parameters + ".bias"));
        if (eight_bit) kernel->pass(DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, weights_.channel_scales(weight));
        pass_storage(*kernel, DNNL_ARG_SRC, from, engine_);
        pass_storage(*kernel, DNNL_ARG_DST, to, engine_);
        return kernel;
    }

    std::unique_ptr<Kernel> eltwise(const Eltwise& kind) {
        const dnnl::eltwise_forward::primitive_desc description(engine_, kInference, kind.kind,
                                                                description_of(inputs_[0]), description_of(result_),
                                                                kind.alpha, kind.beta, attributes_);
        return start(description, dnnl::eltwise_forward(description));
    }

    const Graph& graph_;
    const Operation& operation_;
    const ValuePlaces& places_;
    WeightStore& weights_;
    const dnnl::engine& engine_;
    ValueMemory result_;
    std::vector<ValueMemory> inputs_;
    dnnl::primitive_attr attributes_;
};

} // namespace

std::unique_ptr<Kernel> make_kernel(const Graph& graph, const Operation& operation, const ValuePlaces& places,
                                    WeightStore& weights) {
    const Node* node = operation.node < 0 ? nullptr : &graph.nodes[static_cast<std::size_t>(operation.node)];
    try {
        if (node == nullptr) {
            return make_conversion(places(operation.inputs[0]), places(operation.output), weights.engine());
        }
        return std::visit(KernelMaker(graph, operation, places, weights), node->attributes);
    } catch (const dnnl::error& error) {
        const std::string where =
            node == nullptr ? "a conversion" : node->name + " (" + op_name(node->attributes) + ")";
        throw Error(
            ErrorText{"engine: node " + where, std::string("oneDNN cannot compute it: ") + error.what(), "", "", ""});
    }
}

} // namespace banyan
