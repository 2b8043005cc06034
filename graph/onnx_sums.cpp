#include "graph/onnx_sums.h"

#include <algorithm>
#include <cmath>

#include "graph/onnx_constants.h"

namespace banyan {

namespace {

/// The map and the constant of an operator of both.
struct MapAndConstant {
    const OnnxView& map;
    const OnnxTensor& constant;
    bool constant_first;
};

MapAndConstant map_and_constant(const OnnxCall& call) {
    const bool first = call.is_constant(0);
    return {call.view(first ? 1 : 0), call.constant(first ? 0 : 1), first};
}

/// The constant's numbers by the view's channels, in the order of the axis that holds them.
std::vector<float> by_channel(const OnnxView& view, const OnnxTensor& constant) {
    const std::size_t rank = view.axes.size(), count = view.channels.size();
    if (constant.type != OnnxType::float32) refuse_onnx("its constant is of another type", "float32");
    const std::vector<float> numbers = constant.to_floats();
    if (numbers.size() == 1 && constant.dims.size() <= rank) return std::vector<float>(count, numbers[0]);
    const std::optional<std::size_t> axis = channel_axis(view);
    // Axes are matched from the last one.
    const bool fits = axis && numbers.size() == count && constant.dims.size() <= rank &&
                      *axis + constant.dims.size() >= rank &&
                      constant.dims[*axis + constant.dims.size() - rank] == static_cast<std::int64_t>(count);
    if (!fits)
        refuse_onnx("its constant differs from pixel to pixel or has other axes", "one number, or one by channel");
    return numbers;
}

OnnxSymbols scaled(const OnnxCall& call, OnnxNetwork& network, const std::vector<float>& factors,
                   const std::vector<float>& offsets) {
    const OnnxView& view = map_and_constant(call).map;
    if (view.is_padded())
        refuse_onnx("its input is padded by an operator of its own", "convolutions and average pools");
    return {network.scaled(view, call.name(), factors, offsets)};
}

/// x * s with one number as the file's parameter, but of the picture.
OnnxSymbols scaled_by_number(const OnnxCall& call, OnnxNetwork& network) {
    const auto [map, constant, first] = map_and_constant(call);
    OnnxView view = network.settled(map);
    const NamedNumbers numbers{{".scale", {{1}, constant.to_floats()}}};
    ScaleAttributes scale{network.shared_parameters({call.op.inputs[first ? 0 : 1]}, call.name(), numbers)};
    view.source = network.append(call.name(), scale, {view.source});
    return {view};
}

OnnxSymbols import_times(const OnnxCall& call, OnnxNetwork& network, bool divides) {
    const auto [map, constant, first] = map_and_constant(call);
    std::vector<float> factors = by_channel(map, constant);
    if (divides) {
        if (first) refuse_onnx("it divides a constant by a map", "a map by a constant");
        for (float& factor : factors) factor = 1 / factor;
    }
    const bool is_picture = map.source == network.graph().input;
    if (constant.count() == 1 && !divides && !is_picture && !map.is_padded()) return scaled_by_number(call, network);
    return scaled(call, network, factors, std::vector<float>(factors.size(), 0.0F));
}

OnnxSymbols import_plus(const OnnxCall& call, OnnxNetwork& network, bool subtracts) {
    const auto [map, constant, first] = map_and_constant(call);
    std::vector<float> offsets = by_channel(map, constant);
    if (subtracts && !first) {
        for (float& offset : offsets) offset = -offset;
    }
    const float factor = subtracts && first ? -1.0F : 1.0F;
    return scaled(call, network, std::vector<float>(offsets.size(), factor), offsets);
}

/// Whether `gate` is the sigmoid of `x`.
bool is_sigmoid_of(const OnnxView& gate, const OnnxView& x, const OnnxNetwork& network) {
    const Node* node = network.graph().producer(gate.source);
    const auto* activation = node == nullptr ? nullptr : std::get_if<ActivationAttributes>(&node->attributes);
    return activation != nullptr && activation->kind == Activation::sigmoid && node->inputs[0] == x.source &&
           gate.axes == x.axes && gate.channels == x.channels && gate.rows == x.rows && gate.columns == x.columns;
}

OnnxSymbols import_product(const OnnxCall& call, OnnxNetwork& network) {
    const OnnxView &a = call.view(0), &b = call.view(1);
    const bool is_silu = is_sigmoid_of(b, a, network) || is_sigmoid_of(a, b, network);
    if (!is_silu || a.is_padded()) refuse_onnx("it multiplies two maps", "a constant, or the sigmoid of the other map");
    OnnxView view = network.settled(is_sigmoid_of(b, a, network) ? a : b);
    view.source = network.append(call.name(), ActivationAttributes{Activation::silu}, {view.source});
    return {view};
}

OnnxSymbols import_sum(const OnnxCall& call, OnnxNetwork& network) {
    OnnxView a = network.settled(call.view(0));
    const OnnxView b = network.settled(call.view(1));
    if (a.is_padded() || b.is_padded() || a.axes != b.axes) {
        refuse_onnx("its two maps have different shapes", "two maps of one shape");
    }
    a.source = network.append(call.name(), AddAttributes{}, {a.source, b.source});
    return {a};
}

template <bool kSubtracts>
OnnxSymbols import_addition(const OnnxCall& call, OnnxNetwork& network) {
    if (call.is_constant(0) && call.is_constant(1)) return {computed(call)};
    if (call.is_constant(0) || call.is_constant(1)) return import_plus(call, network, kSubtracts);
    if (kSubtracts) refuse_onnx("it subtracts two maps", "a constant");
    return import_sum(call, network);
}

template <bool kDivides>
OnnxSymbols import_multiplication(const OnnxCall& call, OnnxNetwork& network) {
    if (call.is_constant(0) && call.is_constant(1)) return {computed(call)};
    if (call.is_constant(0) || call.is_constant(1)) return import_times(call, network, kDivides);
    if (kDivides) refuse_onnx("it divides two maps", "a constant");
    return import_product(call, network);
}

} // namespace

const std::map<std::string, OnnxImporter>& onnx_sums() {
    static const std::map<std::string, OnnxImporter> importers{{"Add", import_addition<false>},
                                                               {"Sub", import_addition<true>},
                                                               {"Mul", import_multiplication<false>},
                                                               {"Div", import_multiplication<true>}};
    return importers;
}

} // namespace banyan
