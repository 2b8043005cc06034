#include "graph/onnx_moves.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "graph/onnx_constants.h"

namespace banyan {

namespace {

using Integers = std::vector<std::int64_t>;

OnnxSymbols import_constant(const OnnxCall& call, OnnxNetwork&) {
    if (const OnnxArgument* value = call.op.find("value"); value != nullptr && !value->tensors.empty()) {
        return {value->tensors[0]};
    }
    if (const OnnxArgument* value = call.op.find("value_int")) return {integer_constant({value->integer}, true)};
    if (const OnnxArgument* value = call.op.find("value_ints")) return {integer_constant(value->integers)};
    OnnxTensor constant;
    if (const OnnxArgument* value = call.op.find("value_float")) {
        constant.floats = {value->real};
    } else if (const OnnxArgument* values = call.op.find("value_floats")) {
        constant.floats = values->reals;
        constant.dims = {std::ssize(values->reals)};
    } else {
        refuse_onnx("a constant of another kind", "a tensor, numbers or lists of numbers");
    }
    return {constant};
}

OnnxSymbols import_same(const OnnxCall& call, OnnxNetwork&) { return {call.symbol(0)}; }

OnnxSymbols import_cast(const OnnxCall& call, OnnxNetwork&) {
    const auto wanted = static_cast<OnnxType>(call.op.integer("to", 0));
    const bool is_float = !call.is_constant(0) || call.constant(0).type == OnnxType::float32;
    const bool to_integer = wanted == OnnxType::int64 || wanted == OnnxType::int32;
    if (is_float ? wanted != OnnxType::float32 : !to_integer) {
        refuse_onnx("it changes floats to integers or back", "types of one kind");
    }
    return {call.symbol(0)};
}

OnnxDims dims_of(const OnnxCall& call) {
    return call.is_constant(0) ? call.constant(0).dims : extents_of(call.view(0));
}

OnnxSymbols import_shape(const OnnxCall& call, OnnxNetwork&) {
    if (call.is_view(0) && call.view(0).is_padded()) refuse_onnx("its input is padded by an operator of its own");
    if (call.op.integer("start", 0) != 0 || call.op.find("end") != nullptr)
        refuse_onnx("start or end", "the whole shape");
    return {integer_constant(dims_of(call))};
}

/// The input with other extents.
OnnxSymbols with_extents(const OnnxCall& call, const OnnxDims& dims) {
    if (call.is_constant(0)) return {with_dims(call.constant(0), dims)};
    if (call.view(0).is_padded()) refuse_onnx("its input is padded by an operator of its own");
    const std::optional<OnnxView> view = reshaped(call.view(0), dims);
    if (!view) refuse_onnx("it cuts rows or columns apart", "axes that hold whole rows and columns");
    return {*view};
}

std::int64_t product(const OnnxDims& dims) {
    std::int64_t result = 1;
    for (const std::int64_t extent : dims) {
        if (extent < 0 || (extent > 0 && result > kMaxElements / extent)) refuse_onnx("a tensor of too many numbers");
        result *= extent;
    }
    return result;
}

OnnxSymbols import_reshape(const OnnxCall& call, OnnxNetwork&) {
    const OnnxDims from = dims_of(call);
    OnnxDims to = call.integers("shape", 1);
    std::int64_t* open = nullptr;
    for (std::size_t a = 0; a < to.size(); ++a) {
        if (to[a] == 0 && call.op.integer("allowzero", 0) == 0) {
            if (a >= from.size()) refuse_onnx("it copies an extent that its input has not");
            to[a] = from[a];
        }
        if (to[a] != -1) continue;
        if (open != nullptr) refuse_onnx("two of its extents are open");
        open = &to[a];
        to[a] = 1;
    }
    const std::int64_t given = product(to), whole = product(from);
    if (open != nullptr && given > 0) *open = whole / given;
    if (whole < 1 || product(to) != whole) refuse_onnx("its new shape has another number of places");
    return with_extents(call, to);
}

OnnxSymbols import_flatten(const OnnxCall& call, OnnxNetwork&) {
    const OnnxDims from = dims_of(call);
    const std::int64_t axis = call.op.integer("axis", 1);
    if (axis != 1 || from.empty()) refuse_onnx("axis " + std::to_string(axis), "1");
    return with_extents(call, {from[0], product({from.begin() + 1, from.end()})});
}

OnnxSymbols import_unsqueeze(const OnnxCall& call, OnnxNetwork&) {
    OnnxDims dims = dims_of(call);
    const Integers axes = call.integers("axes", 1);
    constexpr std::size_t kMostAxes = 16;
    if (dims.size() + axes.size() > kMostAxes) refuse_onnx("a tensor of more than 16 axes");
    std::vector<std::size_t> places;
    for (const std::int64_t axis : axes) places.push_back(OnnxCall::axis(axis, dims.size() + axes.size()));
    std::sort(places.begin(), places.end());
    for (const std::size_t place : places) {
        if (place > dims.size()) refuse_onnx("its axes repeat");
        dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(place), 1);
    }
    return with_extents(call, dims);
}

OnnxSymbols import_squeeze(const OnnxCall& call, OnnxNetwork&) {
    const OnnxDims dims = dims_of(call);
    std::vector<bool> drops(dims.size(), false);
    const Integers axes = call.integers("axes", 1);
    for (const std::int64_t axis : axes) drops[OnnxCall::axis(axis, dims.size())] = true;
    OnnxDims left;
    for (std::size_t a = 0; a < dims.size(); ++a) {
        const bool drop = axes.empty() ? dims[a] == 1 : drops[a];
        if (drop && dims[a] != 1) refuse_onnx("it drops an axis of more than one place");
        if (!drop) left.push_back(dims[a]);
    }
    return with_extents(call, left);
}

OnnxSymbols import_transpose(const OnnxCall& call, OnnxNetwork&) {
    const OnnxView& view = call.view(0);
    if (view.is_padded()) refuse_onnx("its input is padded by an operator of its own");
    Integers order = call.op.integers("perm");
    if (order.empty()) {
        for (std::size_t a = view.axes.size(); a-- > 0;) order.push_back(static_cast<std::int64_t>(a));
    }
    Integers sorted = order;
    std::sort(sorted.begin(), sorted.end());
    std::vector<std::size_t> places;
    for (std::size_t a = 0; a < order.size(); ++a) {
        if (order.size() != view.axes.size() || sorted[a] != static_cast<std::int64_t>(a)) {
            refuse_onnx("its perm is no order of its input's axes");
        }
        places.push_back(static_cast<std::size_t>(order[a]));
    }
    return {transposed(view, places)};
}

/// Some places of an axis; with `drops_axis` the axis, of one place, goes.
OnnxSymbol taken_of(const OnnxCall& call, std::size_t axis, const Integers& places, bool drops_axis) {
    if (call.is_constant(0)) {
        const OnnxTensor chosen = taken(call.constant(0), places);
        return drops_axis ? with_dims(chosen, {}) : chosen;
    }
    if (call.view(0).is_padded()) refuse_onnx("its input is padded by an operator of its own");
    std::optional<OnnxView> view = taken(call.view(0), axis, places);
    if (!view) refuse_onnx("it takes places of an axis that holds rows or columns beside others", "channels");
    if (drops_axis) view->axes.erase(view->axes.begin() + static_cast<std::ptrdiff_t>(axis));
    return *view;
}

OnnxSymbols import_gather(const OnnxCall& call, OnnxNetwork&) {
    const OnnxDims dims = dims_of(call);
    const std::size_t axis = OnnxCall::axis(call.op.integer("axis", 0), dims.size());
    Integers places = call.integers(1);
    for (std::int64_t& place : places) {
        if (place < -dims[axis] || place >= dims[axis]) refuse_onnx("place " + std::to_string(place) + " is outside");
        if (place < 0) place += dims[axis];
    }
    return {taken_of(call, axis, places, call.constant(1).dims.empty())};
}

/// Bounds of a slice as Python has them, cut to the axis.
Integers sliced_places(std::int64_t extent, std::int64_t start, std::int64_t end, std::int64_t step) {
    if (step == 0) refuse_onnx("a step of 0");
    const std::int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? extent : extent - 1;
    const auto bound = [&](std::int64_t place) {
        return std::clamp(place < 0 ? std::max(place, -extent - 1) + extent : place, lowest, highest);
    };
    Integers places;
    const std::int64_t last = bound(end);
    step = std::clamp<std::int64_t>(step, -extent - 1, extent + 1);
    for (std::int64_t i = bound(start); step > 0 ? i < last : i > last; i += step) places.push_back(i);
    return places;
}

OnnxSymbols import_slice(const OnnxCall& call, OnnxNetwork&) {
    const OnnxDims dims = dims_of(call);
    const Integers starts = call.integers("starts", 1), ends = call.integers("ends", 2);
    Integers axes = call.integers("axes", 3), steps = call.has(4) ? call.integers(4) : Integers{};
    for (std::size_t i = axes.size(); i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
    if (steps.empty()) steps.assign(starts.size(), 1);
    const bool fits = ends.size() == starts.size() && axes.size() == starts.size() && steps.size() == starts.size();
    if (!fits) refuse_onnx("its starts, ends, axes and steps are of different length");
    OnnxSymbol result = call.symbol(0);
    for (std::size_t i = 0; i < starts.size(); ++i) {
        const std::size_t axis = OnnxCall::axis(axes[i], dims.size());
        const OnnxCall next{call.op, {&result}, call.opset};
        const Integers places = sliced_places(dims_of(next)[axis], starts[i], ends[i], steps[i]);
        if (std::ssize(places) == dims_of(next)[axis] && steps[i] == 1) continue;
        OnnxSymbol sliced = taken_of(next, axis, places, false);
        result = std::move(sliced);
    }
    return {result};
}

OnnxSymbols import_split(const OnnxCall& call, OnnxNetwork&) {
    const OnnxDims dims = extents_of(call.view(0));
    const std::size_t axis = OnnxCall::axis(call.op.integer("axis", 0), dims.size());
    const std::int64_t count = std::max<std::int64_t>(std::ssize(call.op.outputs), 1);
    Integers sizes = call.integers("split", 1);
    if (sizes.empty()) {
        const std::int64_t size = (dims[axis] + count - 1) / count;
        sizes.assign(static_cast<std::size_t>(count), size);
        sizes.back() = dims[axis] - size * (count - 1);
    }
    OnnxSymbols parts;
    std::int64_t first = 0;
    for (const std::int64_t size : sizes) {
        if (size < 1 || size > dims[axis] - first) refuse_onnx("its parts are not those of its input");
        Integers places;
        for (std::int64_t i = first; i < first + size; ++i) places.push_back(i);
        parts.push_back(taken_of(call, axis, places, false));
        first += size;
    }
    return parts;
}

OnnxSymbols import_concat(const OnnxCall& call, OnnxNetwork& network) {
    if (call.is_constant(0)) return {joined(call)};
    std::vector<OnnxView> views;
    std::vector<ValueId> sources;
    for (std::size_t i = 0; i < call.inputs.size(); ++i) views.push_back(network.settled(call.view(i)));
    const std::size_t axis = OnnxCall::axis(call.op.integer("axis", 1), views.at(0).axes.size());
    OnnxView result = views[0];
    for (OnnxView& view : views) {
        const bool has_channels = view.axes.size() > axis && !view.is_padded() &&
                                  extent_of(view.axes[axis]) == std::ssize(view.channels) &&
                                  (channel_axis(view) == axis || view.channels.size() == 1);
        if (!has_channels) refuse_onnx("it joins other axes than channels", "maps along their channels");
        sources.push_back(view.source);
        view.axes[axis] = {};
        if (view.axes.size() != result.axes.size()) refuse_onnx("its inputs have different axes");
    }
    result.axes[axis] = {};
    for (const OnnxView& view : views) {
        if (view.axes != result.axes) refuse_onnx("its inputs have different axes", "maps of one height and width");
    }
    if (sources.size() == 1) return {call.view(0)};
    result.source = network.append(call.name(), ConcatAttributes{}, sources);
    const std::int64_t channels = network.shape(result).channels;
    result.channels = whole_view(result.source, network.shape(result)).channels;
    result.axes[axis] = {{ViewPart::Kind::channels, channels}};
    return {result};
}

OnnxSymbols import_pad(const OnnxCall& call, OnnxNetwork&) {
    OnnxView view = call.view(0);
    const Integers pads = call.integers("pads", 1);
    const bool is_zero = call.has(2) ? call.number(2) == 0 : call.op.real("value", 0) == 0;
    if (call.op.text("mode", "constant") != "constant" || !is_zero) refuse_onnx("it pads with other numbers", "zeros");
    if (call.has(3)) refuse_onnx("axes", "paddings of all axes");
    if (!is_channels_first(view) || view.axes.size() != 4 || pads.size() != 8) {
        refuse_onnx("its input is no map", "[1, C, H, W]");
    }
    constexpr std::size_t kSides[] = {2, 3, 6, 7}; // of N C H W, begin and end
    for (std::size_t i = 0; i < pads.size(); ++i) {
        const auto* side = std::find(std::begin(kSides), std::end(kSides), i);
        if (pads[i] < 0 || pads[i] > kMaxWindow || (side == std::end(kSides) && pads[i] != 0)) {
            refuse_onnx("a padding of " + std::to_string(pads[i]), "rows and columns of zeros");
        }
        if (side != std::end(kSides)) view.padding[static_cast<std::size_t>(side - std::begin(kSides))] += pads[i];
    }
    return {view};
}

} // namespace

const std::map<std::string, OnnxImporter>& onnx_moves() {
    static const std::map<std::string, OnnxImporter> importers{
        {"Constant", import_constant},   {"Identity", import_same},       {"Dropout", import_same},
        {"Cast", import_cast},           {"Shape", import_shape},         {"Reshape", import_reshape},
        {"Flatten", import_flatten},     {"Unsqueeze", import_unsqueeze}, {"Squeeze", import_squeeze},
        {"Transpose", import_transpose}, {"Gather", import_gather},       {"Slice", import_slice},
        {"Split", import_split},         {"Concat", import_concat},       {"Pad", import_pad}};
    return importers;
}

} // namespace banyan
