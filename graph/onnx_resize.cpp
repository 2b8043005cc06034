#include "graph/onnx_resize.h"

#include <cmath>

namespace banyan {

namespace {

/// How one axis is enlarged.
struct Enlarging {
    std::int64_t in = 1, out = 1;
    float scale = 1;
    std::string coordinates, rounding;
};

float coordinate(const Enlarging& axis, std::int64_t place) {
    const auto i = static_cast<float>(place);
    if (axis.coordinates == "asymmetric") return i / axis.scale;
    if (axis.coordinates == "half_pixel") return (i + 0.5F) / axis.scale - 0.5F;
    if (axis.coordinates == "pytorch_half_pixel") return axis.out > 1 ? (i + 0.5F) / axis.scale - 0.5F : 0.0F;
    if (axis.coordinates == "align_corners") {
        return axis.out == 1 ? 0.0F : i * static_cast<float>(axis.in - 1) / static_cast<float>(axis.out - 1);
    }
    refuse_onnx("coordinate_transformation_mode " + axis.coordinates,
                "asymmetric, half_pixel, pytorch_half_pixel and align_corners");
}

float rounded(const Enlarging& axis, float place) {
    if (axis.rounding == "floor") return std::floor(place);
    if (axis.rounding == "ceil") return std::ceil(place);
    if (axis.rounding == "round_prefer_floor") return std::ceil(place - 0.5F);
    if (axis.rounding == "round_prefer_ceil") return std::floor(place + 0.5F);
    refuse_onnx("nearest_mode " + axis.rounding, "floor, ceil, round_prefer_floor and round_prefer_ceil");
}

bool copies_as_upsampling(const Enlarging& axis) {
    for (std::int64_t i = 0; i < axis.out; ++i) {
        const float place = rounded(axis, coordinate(axis, i));
        const float last = static_cast<float>(axis.in - 1);
        const float inside = std::fmin(std::fmax(place, 0.0F), last);
        if (static_cast<std::int64_t>(inside) != i * axis.in / axis.out) return false;
    }
    return true;
}

/// By input or, in the oldest opset, by attribute; {}: the sizes tell.
std::vector<float> scales_of(const OnnxCall& call) {
    constexpr std::int64_t kWithRegion = 11; // from here on the second input is a region
    const std::size_t input = call.op.type == "Resize" && call.opset >= kWithRegion ? 2 : 1;
    if (call.has(input)) return call.floats(input, 1).data;
    const OnnxArgument* argument = call.op.find("scales");
    return argument == nullptr ? std::vector<float>{} : argument->reals;
}

std::vector<Enlarging> enlargings_of(const OnnxCall& call, const OnnxDims& in) {
    std::vector<Enlarging> axes(4);
    const bool is_resize = call.op.type == "Resize" && call.opset >= 11;
    const std::vector<float> scales = scales_of(call);
    const std::vector<std::int64_t> sizes = is_resize && call.has(3) ? call.integers(3) : std::vector<std::int64_t>{};
    const bool fits = scales.empty() ? sizes.size() == axes.size() : scales.size() == axes.size() && sizes.empty();
    if (!fits) refuse_onnx("it has no scales or sizes of 4 axes");
    for (std::size_t a = 0; a < axes.size(); ++a) {
        Enlarging& axis = axes[a];
        axis.in = in[a];
        axis.coordinates = call.op.text("coordinate_transformation_mode", is_resize ? "half_pixel" : "asymmetric");
        axis.rounding = call.op.text("nearest_mode", is_resize ? "round_prefer_floor" : "floor");
        const float wanted = scales.empty() ? 0.0F : std::floor(static_cast<float>(axis.in) * scales[a]);
        axis.out =
            scales.empty()
                ? sizes[a]
                : (wanted >= 1 && wanted <= static_cast<float>(kMaxExtent) ? static_cast<std::int64_t>(wanted) : 0);
        axis.scale = scales.empty() ? static_cast<float>(axis.out) / static_cast<float>(axis.in) : scales[a];
    }
    return axes;
}

} // namespace

OnnxSymbols import_resize(const OnnxCall& call, OnnxNetwork& network) {
    if (const std::string mode = call.op.text("mode", "nearest"); mode != "nearest")
        refuse_onnx("mode " + mode, "nearest");
    if (call.op.find("axes") != nullptr || call.op.text("keep_aspect_ratio_policy", "stretch") != "stretch") {
        refuse_onnx("axes or keep_aspect_ratio_policy", "scales or sizes of all 4 axes");
    }
    OnnxView view = network.settled(call.view(0));
    network.as_map(view);
    if (view.axes.size() != 4) refuse_onnx("its input has no 4 axes", "[1, C, H, W]");
    const std::vector<Enlarging> axes = enlargings_of(call, extents_of(view));
    for (std::size_t a = 0; a < axes.size(); ++a) {
        const bool may_grow = a >= 2;
        if (axes[a].out < axes[a].in || axes[a].out > kMaxExtent || (!may_grow && axes[a].out != axes[a].in)) {
            refuse_onnx("it makes a smaller map or other channels", "an enlarged height and width");
        }
        if (may_grow && !copies_as_upsampling(axes[a])) {
            refuse_onnx("it copies other pixels than the nearest by floor(i * in / out)",
                        "asymmetric with floor, or whole factors");
        }
    }
    const ValueId out = network.enlarge(call.name(), view.source, axes[2].out, axes[3].out);
    return {whole_view(out, network.graph().value(out).shape)};
}

} // namespace banyan
