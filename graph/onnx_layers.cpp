#include "graph/onnx_layers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "graph/onnx_constants.h"
#include "graph/onnx_resize.h"
#include "graph/shape_inference.h"

namespace banyan {

namespace {

using Integers = std::vector<std::int64_t>;

/// Window attributes that convolutions and pooling share.
struct Window {
    std::int64_t kernel = 1, stride = 1, dilation = 1;
    Integers pads{0, 0, 0, 0}; ///< top, left, bottom, right
    std::string auto_pad;
};

std::int64_t square(const Integers& extents, const std::string& what, std::int64_t otherwise) {
    if (extents.empty()) return otherwise;
    if (extents.size() != 2 || extents[0] != extents[1])
        refuse_onnx("its " + what + " is not square", "two equal numbers");
    return extents[0];
}

/// @param kernel if the operator does not tell
Window window_of(const OnnxCall& call, std::int64_t kernel) {
    Window window;
    window.kernel = square(call.op.integers("kernel_shape"), "kernel", kernel);
    window.stride = square(call.op.integers("strides"), "stride", 1);
    window.dilation = square(call.op.integers("dilations"), "dilation", 1);
    for (const std::int64_t extent : {window.kernel, window.stride, window.dilation}) {
        if (extent < 1 || extent > kMaxWindow)
            refuse_onnx("a kernel, stride or dilation of " + std::to_string(extent), "a number in [1, 1024]");
    }
    window.auto_pad = call.op.text("auto_pad", "NOTSET");
    const Integers pads = call.op.integers("pads");
    if (!pads.empty() && pads.size() != 4) refuse_onnx("it has other paddings than two axes need", "4 numbers");
    if (!pads.empty() && window.auto_pad == "NOTSET") window.pads = pads;
    for (std::size_t side = 0; side < 4; ++side) {
        const std::int64_t pad = window.pads[side];
        if (pad < 0 || pad > kMaxWindow) refuse_onnx("a padding of " + std::to_string(pad), "a number in [0, 1024]");
    }
    return window;
}

void add_padding(Window& window, const OnnxView& view) {
    for (std::size_t side = 0; side < 4; ++side) window.pads[side] += view.padding[side];
}

bool is_symmetric(const Integers& pads) {
    return std::all_of(pads.begin(), pads.end(), [&](std::int64_t pad) { return pad == pads[0]; });
}

/// The same view without its padding, which the operator takes over.
OnnxView without_padding(OnnxView view) {
    view.padding = {};
    return view;
}

void set_padding(ConvAttributes& conv, const Window& window, const ValueShape& in) {
    if (window.auto_pad != "NOTSET" && window.auto_pad != "VALID" && window.auto_pad != "SAME_UPPER") {
        refuse_onnx("auto_pad " + window.auto_pad, "NOTSET, VALID and SAME_UPPER");
    }
    if (window.auto_pad == "NOTSET" && is_symmetric(window.pads)) {
        conv.pad = window.pads[0];
        return;
    }
    const Integers none(4, 0);
    if (window.auto_pad == "SAME_UPPER" && window.pads != none) refuse_onnx("it is padded twice");
    if (window.auto_pad == "VALID" && is_symmetric(window.pads)) {
        conv.pad = window.pads[0];
        return;
    }
    conv.padding = Padding::same_tf;
    const AxisPadding rows = conv_padding(conv, in.height), columns = conv_padding(conv, in.width);
    if (window.auto_pad != "SAME_UPPER" && window.pads != Integers{rows.begin, columns.begin, rows.end, columns.end}) {
        refuse_onnx("its paddings differ", "equal ones on all sides, or those of SAME_UPPER");
    }
}

OnnxSymbols import_conv(const OnnxCall& call, OnnxNetwork& network) {
    const OnnxView& view = call.view(0);
    NamedNumbers numbers{{".weight", call.floats(1, 4)}};
    const std::vector<std::int64_t>& dims = numbers.at(".weight").shape;
    if (dims[2] != dims[3]) refuse_onnx("its kernel is not square", "kernels of equal height and width");
    Window window = window_of(call, dims[2]);
    if (window.kernel != dims[2]) refuse_onnx("its kernel_shape is not that of its weight");
    add_padding(window, view);
    ConvAttributes conv;
    conv.out_channels = dims[0];
    conv.kernel = window.kernel;
    conv.stride = window.stride;
    conv.dilation = window.dilation;
    conv.groups = call.op.integer("group", 1);
    std::vector<std::string> sources{call.op.inputs[1], ""};
    if (call.has(2)) {
        conv.bias = true;
        numbers[".bias"] = call.floats(2, 1);
        sources[1] = call.op.inputs[2];
    }
    const ValueId in = network.as_map(without_padding(view));
    set_padding(conv, window, network.graph().value(in).shape);
    conv.parameters = network.shared_parameters(sources, call.name(), numbers);
    const ValueId out = network.append(call.name(), conv, {in});
    return {whole_view(out, network.graph().value(out).shape)};
}

/// [N, C] times a matrix. @param transposed the matrix is [out, in]
OnnxSymbols import_linear(const OnnxCall& call, OnnxNetwork& network, bool transposed) {
    const ValueId in = network.as_map(call.view(0));
    HostTensor matrix = call.floats(1, 2);
    if (!transposed) {
        HostTensor turned{{matrix.shape[1], matrix.shape[0]}, std::vector<float>(matrix.data.size())};
        const auto rows = static_cast<std::size_t>(matrix.shape[0]),
                   columns = static_cast<std::size_t>(matrix.shape[1]);
        for (std::size_t i = 0; i < matrix.data.size(); ++i) {
            turned.data[i % columns * rows + i / columns] = matrix.data[i];
        }
        matrix = std::move(turned);
    }
    const std::int64_t out_features = matrix.shape[0];
    NamedNumbers numbers{{".weight", std::move(matrix)}};
    numbers[".bias"] = call.has(2)
                           ? call.floats(2, 1)
                           : HostTensor{{out_features}, std::vector<float>(static_cast<std::size_t>(out_features))};
    const ValueId out = network.append(call.name(), LinearAttributes{out_features, ""}, {in}, std::move(numbers));
    OnnxView result = whole_view(out, network.graph().value(out).shape);
    result.axes.resize(2); // [1, C]
    return {result};
}

OnnxSymbols import_gemm(const OnnxCall& call, OnnxNetwork& network) {
    const bool plain = call.op.real("alpha", 1) == 1 && call.op.real("beta", 1) == 1;
    if (!plain || call.op.integer("transA", 0) != 0) refuse_onnx("alpha, beta or transA", "their default values");
    return import_linear(call, network, call.op.integer("transB", 0) != 0);
}

OnnxSymbols import_matrix_product(const OnnxCall& call, OnnxNetwork& network) {
    return import_linear(call, network, false);
}

OnnxSymbols import_batch_norm(const OnnxCall& call, OnnxNetwork& network) {
    const ValueId in = network.as_map(call.view(0));
    if (call.op.integer("training_mode", 0) != 0) refuse_onnx("training_mode 1", "0: running statistics");
    NamedNumbers numbers;
    const char* ends[] = {".weight", ".bias", ".running_mean", ".running_var"};
    for (std::size_t i = 0; i < 4; ++i) numbers[ends[i]] = call.floats(i + 1, 1);
    const std::vector<std::string> sources(call.op.inputs.begin() + 1, call.op.inputs.begin() + 5);
    BatchNormAttributes norm{double{call.op.real("epsilon", 1e-5F)}, ""};
    norm.parameters = network.shared_parameters(sources, call.name(), numbers);
    const ValueId out = network.append(call.name(), norm, {in});
    return {whole_view(out, network.graph().value(out).shape)};
}

/// An instance norm whose axis of channels holds groups of ours, so that it normalises each group.
OnnxSymbols import_instance_norm(const OnnxCall& call, OnnxNetwork& network) {
    OnnxView view = network.settled(call.view(0));
    const ValueShape& shape = network.shape(view);
    const bool grouped = view.axes.size() >= 2 && view.axes[0].empty() && !view.is_padded() &&
                         std::all_of(view.axes[1].begin(), view.axes[1].end(),
                                     [](const ViewPart& part) { return part.kind == ViewPart::Kind::channels; });
    if (!grouped) refuse_onnx("its input is no map with channels on the second axis", "[1, groups, …]");
    const HostTensor scale = call.floats(1, 1), bias = call.floats(2, 1);
    GroupNormAttributes norm;
    norm.groups = extent_of(view.axes[1]);
    norm.eps = double{call.op.real("epsilon", 1e-5F)};
    if (scale.shape[0] != norm.groups || bias.shape[0] != norm.groups) refuse_onnx("its scale and bias do not fit");
    NamedNumbers numbers{{".weight", {{shape.channels}, {}}}, {".bias", {{shape.channels}, {}}}};
    const std::int64_t width = shape.channels / norm.groups;
    for (std::int64_t c = 0; c < shape.channels; ++c) {
        numbers[".weight"].data.push_back(scale.data[static_cast<std::size_t>(c / width)]);
        numbers[".bias"].data.push_back(bias.data[static_cast<std::size_t>(c / width)]);
    }
    view.source = network.append(call.name(), norm, {view.source}, std::move(numbers));
    return {view};
}

/// An operator on each number, or on the channels of each pixel: the axes stay as they are.
OnnxSymbols import_in_place(const OnnxCall& call, OnnxNetwork& network, const Attributes& attributes) {
    OnnxView view = network.settled(call.view(0));
    if (view.is_padded())
        refuse_onnx("its input is padded by an operator of its own", "convolutions and average pools");
    view.source = network.append(call.name(), attributes, {view.source});
    return {view};
}

template <Activation kKind>
OnnxSymbols import_activation(const OnnxCall& call, OnnxNetwork& network) {
    return import_in_place(call, network, ActivationAttributes{kKind});
}

OnnxSymbols import_clip(const OnnxCall& call, OnnxNetwork& network) {
    constexpr float kMost = std::numeric_limits<float>::max();
    const float low = call.has(1) ? call.number(1) : call.op.real("min", -kMost);
    const float high = call.has(2) ? call.number(2) : call.op.real("max", kMost);
    if (low <= -kMost && high >= kMost) return {call.view(0)};
    const bool is_relu = low == 0 && high >= kMost;
    if (!is_relu && (low != 0 || high != 6)) refuse_onnx("it clips to other limits", "0 and 6, or 0 alone");
    return import_in_place(call, network, ActivationAttributes{is_relu ? Activation::relu : Activation::relu6});
}

OnnxSymbols import_softmax(const OnnxCall& call, OnnxNetwork& network) {
    const OnnxView& view = call.view(0);
    constexpr std::int64_t kPerAxis = 13; // before, it went over all axes from this one on
    const std::size_t axis = OnnxCall::axis(call.op.integer("axis", call.opset < kPerAxis ? 1 : -1), view.axes.size());
    bool over_channels = channel_axis(view) == axis;
    for (std::size_t a = axis + 1; a < view.axes.size() && call.opset < kPerAxis; ++a) {
        over_channels = over_channels && view.axes[a].empty();
    }
    if (!over_channels)
        refuse_onnx("it goes over another axis than that of all channels", "the channels of each pixel");
    return import_in_place(call, network, SoftmaxAttributes{});
}

/// @param view without padding of its own
OnnxSymbols import_pool(const OnnxCall& call, OnnxNetwork& network, const OnnxView& view, const Window& window,
                        PoolAttributes::Kind kind) {
    if (window.auto_pad != "NOTSET" && window.auto_pad != "VALID")
        refuse_onnx("auto_pad " + window.auto_pad, "NOTSET and VALID");
    if (window.dilation != 1) refuse_onnx("a dilation of its window", "1");
    if (!is_symmetric(window.pads)) refuse_onnx("its paddings differ", "equal ones on all sides");
    const ValueId in = network.as_map(view);
    const ValueShape& shape = network.graph().value(in).shape;
    for (const std::int64_t extent : {shape.height, shape.width}) {
        const bool cuts = (extent + 2 * window.pads[0] - window.kernel) % window.stride != 0;
        if (cuts && call.op.integer("ceil_mode", 0) != 0) refuse_onnx("ceil_mode 1 where it makes a difference", "0");
    }
    const PoolAttributes pool{kind, window.kernel, window.stride, window.pads[0]};
    const ValueId out = network.append(call.name(), pool, {in});
    return {whole_view(out, network.graph().value(out).shape)};
}

OnnxSymbols import_max_pool(const OnnxCall& call, OnnxNetwork& network) {
    return import_pool(call, network, call.view(0), window_of(call, 1), PoolAttributes::Kind::max);
}

OnnxSymbols import_average_pool(const OnnxCall& call, OnnxNetwork& network) {
    Window window = window_of(call, 1);
    const bool own_padding = window.pads != Integers(4, 0);
    if (own_padding && call.op.integer("count_include_pad", 0) == 0) {
        refuse_onnx("its padding does not count", "count_include_pad 1");
    }
    const OnnxView& view = call.view(0);
    add_padding(window, view);
    return import_pool(call, network, without_padding(view), window, PoolAttributes::Kind::average);
}

OnnxSymbols import_global_average(const OnnxCall& call, OnnxNetwork& network) {
    const ValueId in = network.as_map(call.view(0));
    const ValueId out =
        network.append(call.name(), PoolAttributes{PoolAttributes::Kind::global_average, 1, 1, 0}, {in});
    return {whole_view(out, network.graph().value(out).shape)};
}

/// The mean over the axes of rows and columns.
OnnxSymbols import_mean(const OnnxCall& call, OnnxNetwork& network) {
    const OnnxView& view = call.view(0);
    std::vector<std::size_t> axes;
    for (const std::int64_t axis : call.integers("axes", 1)) axes.push_back(OnnxCall::axis(axis, view.axes.size()));
    std::sort(axes.begin(), axes.end());
    if (view.axes.size() != 4 || axes != std::vector<std::size_t>{2, 3}) {
        refuse_onnx("it goes over other axes", "the rows and columns of [1, C, H, W]");
    }
    OnnxSymbols result = import_global_average(call, network);
    if (call.op.integer("keepdims", 1) == 0) std::get<OnnxView>(result[0]).axes.resize(2);
    return result;
}

/// Input 2 as the unsigned byte of 0; -128 as a signed byte is 0 as an unsigned one.
int zero_point_of(const OnnxCall& call) {
    if (!call.has(2)) return 0;
    const OnnxTensor& zero = call.constant(2);
    const bool is_signed = zero.type == OnnxType::int8;
    if ((!is_signed && zero.type != OnnxType::uint8) || zero.count() != 1) {
        refuse_onnx("its zero point is of another kind", "one int8 or uint8 number");
    }
    const std::int64_t number = zero.to_integers()[0], lowest = is_signed ? -128 : 0;
    if (number < lowest || number > lowest + 255) refuse_onnx("its zero point is out of range");
    return static_cast<int>(number - lowest);
}

OnnxSymbols import_quantize(const OnnxCall& call, OnnxNetwork& network) {
    const OnnxRounded rounded{network.settled(call.view(0)), {double{call.number(1)}, zero_point_of(call)}};
    return {rounded};
}

OnnxSymbols import_dequantize(const OnnxCall& call, OnnxNetwork& network) {
    if (call.is_constant(0)) return {dequantized(call)};
    const auto* rounded = std::get_if<OnnxRounded>(&call.symbol(0));
    if (rounded == nullptr) refuse_onnx("its input is not rounded to bytes", "what QuantizeLinear makes");
    const FakeQuantAttributes quant{double{call.number(1)}, zero_point_of(call)};
    if (quant != rounded->quant) refuse_onnx("its scale or zero point is not that of the QuantizeLinear before it");
    OnnxView view = rounded->view;
    if (view.is_padded())
        refuse_onnx("its input is padded by an operator of its own", "convolutions and average pools");
    view.source = network.append(call.name(), quant, {view.source});
    return {view};
}

} // namespace

const std::map<std::string, OnnxImporter>& onnx_layers() {
    static const std::map<std::string, OnnxImporter> importers{{"Conv", import_conv},
                                                               {"Gemm", import_gemm},
                                                               {"MatMul", import_matrix_product},
                                                               {"BatchNormalization", import_batch_norm},
                                                               {"InstanceNormalization", import_instance_norm},
                                                               {"Relu", import_activation<Activation::relu>},
                                                               {"Sigmoid", import_activation<Activation::sigmoid>},
                                                               {"HardSwish", import_activation<Activation::hard_swish>},
                                                               {"Clip", import_clip},
                                                               {"Softmax", import_softmax},
                                                               {"MaxPool", import_max_pool},
                                                               {"AveragePool", import_average_pool},
                                                               {"GlobalAveragePool", import_global_average},
                                                               {"ReduceMean", import_mean},
                                                               {"Resize", import_resize},
                                                               {"Upsample", import_resize},
                                                               {"QuantizeLinear", import_quantize},
                                                               {"DequantizeLinear", import_dequantize}};
    return importers;
}

} // namespace banyan
