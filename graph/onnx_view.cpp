#include "graph/onnx_view.h"

#include <algorithm>
#include <numeric>

namespace banyan {

namespace {

using Kind = ViewPart::Kind;

ViewAxis axis_of(Kind kind, std::int64_t extent) { return extent == 1 ? ViewAxis{} : ViewAxis{{kind, extent}}; }

bool holds_only(const ViewAxis& axis, Kind kind) {
    return std::all_of(axis.begin(), axis.end(), [&](const ViewPart& part) { return part.kind == kind; });
}

/// Channel parts in order, each with the axis it is of.
struct ChannelPart {
    std::size_t axis = 0;
    std::int64_t extent = 1;
    std::int64_t stride = 1; ///< between its places in OnnxView::channels
};

std::vector<ChannelPart> channel_parts(const OnnxView& view) {
    std::vector<ChannelPart> parts;
    for (std::size_t a = 0; a < view.axes.size(); ++a) {
        for (const ViewPart& part : view.axes[a]) {
            if (part.kind == Kind::channels) parts.push_back({a, part.extent, 1});
        }
    }
    for (std::size_t i = parts.size(); i-- > 1;) parts[i - 1].stride = parts[i].stride * parts[i].extent;
    return parts;
}

/// The channels in the order that these parts, another order of the same, give.
std::vector<std::int64_t> channels_in_order(const OnnxView& view, const std::vector<ChannelPart>& parts) {
    std::vector<std::int64_t> places{0};
    for (const ChannelPart& part : parts) {
        std::vector<std::int64_t> finer;
        finer.reserve(places.size() * static_cast<std::size_t>(part.extent));
        for (const std::int64_t place : places) {
            for (std::int64_t i = 0; i < part.extent; ++i) finer.push_back(place + i * part.stride);
        }
        places = std::move(finer);
    }
    for (std::int64_t& place : places) place = view.channels[static_cast<std::size_t>(place)];
    return places;
}

std::optional<OnnxView> taken_channels(OnnxView view, std::size_t axis, const std::vector<std::int64_t>& places) {
    std::int64_t outer = 1, inner = 1;
    for (const ChannelPart& part : channel_parts(view)) {
        if (part.axis < axis) outer *= part.extent;
        if (part.axis > axis) inner *= part.extent;
    }
    const std::int64_t extent = extent_of(view.axes[axis]);
    const auto wanted = outer * inner * static_cast<std::int64_t>(places.size());
    if (places.empty() || wanted > kMaxChannels) return std::nullopt;
    std::vector<std::int64_t> channels;
    channels.reserve(static_cast<std::size_t>(wanted));
    for (std::int64_t o = 0; o < outer; ++o) {
        for (const std::int64_t place : places) {
            const auto first = view.channels.begin() + (o * extent + place) * inner;
            channels.insert(channels.end(), first, first + inner);
        }
    }
    view.channels = std::move(channels);
    view.axes[axis] = axis_of(Kind::channels, static_cast<std::int64_t>(places.size()));
    return view;
}

} // namespace

bool OnnxView::keeps_channels(std::int64_t count) const {
    if (static_cast<std::int64_t>(channels.size()) != count) return false;
    for (std::size_t c = 0; c < channels.size(); ++c) {
        if (channels[c] != static_cast<std::int64_t>(c)) return false;
    }
    return true;
}

OnnxView whole_view(ValueId source, const ValueShape& shape, bool channels_last) {
    OnnxView view;
    view.source = source;
    const ViewAxis channels = axis_of(Kind::channels, shape.channels);
    view.axes = {{}, axis_of(Kind::rows, shape.height), axis_of(Kind::columns, shape.width)};
    view.axes.insert(channels_last ? view.axes.end() : view.axes.begin() + 1, channels);
    view.channels.resize(static_cast<std::size_t>(shape.channels));
    std::iota(view.channels.begin(), view.channels.end(), 0);
    return view;
}

std::int64_t extent_of(const ViewAxis& axis) {
    std::int64_t extent = 1;
    for (const ViewPart& part : axis) extent *= part.extent;
    return extent;
}

OnnxDims extents_of(const OnnxView& view) {
    OnnxDims dims;
    for (const ViewAxis& axis : view.axes) dims.push_back(extent_of(axis));
    return dims;
}

bool is_channels_first(const OnnxView& view) {
    constexpr Kind kKinds[] = {Kind::channels, Kind::rows, Kind::columns};
    if (view.axes.size() < 2 || view.axes.size() > 4 || !view.axes[0].empty()) return false;
    for (std::size_t a = 1; a < view.axes.size(); ++a) {
        if (!holds_only(view.axes[a], kKinds[a - 1])) return false;
    }
    return true;
}

std::optional<std::size_t> channel_axis(const OnnxView& view) {
    std::optional<std::size_t> found;
    for (std::size_t a = 0; a < view.axes.size(); ++a) {
        if (view.axes[a].empty() || !holds_only(view.axes[a], Kind::channels)) continue;
        if (extent_of(view.axes[a]) == static_cast<std::int64_t>(view.channels.size())) found = a;
    }
    return found;
}

namespace {

/// Adds a part; channels next to channels become one part.
void append_part(ViewAxis& axis, const ViewPart& part) {
    if (!axis.empty() && part.kind == Kind::channels && axis.back().kind == Kind::channels) {
        axis.back().extent *= part.extent;
    } else {
        axis.push_back(part);
    }
}

} // namespace

std::optional<OnnxView> reshaped(const OnnxView& view, const OnnxDims& dims) {
    std::vector<ViewPart> parts;
    for (const ViewAxis& axis : view.axes) parts.insert(parts.end(), axis.begin(), axis.end());
    OnnxView result = view;
    result.axes.assign(dims.size(), {});
    std::size_t next = 0;
    for (std::size_t a = 0; a < dims.size(); ++a) {
        std::int64_t left = dims[a];
        while (left > 1) {
            if (next == parts.size()) return std::nullopt;
            ViewPart& part = parts[next];
            if (left % part.extent == 0) {
                append_part(result.axes[a], part);
                left /= part.extent;
                ++next;
            } else if (part.kind == Kind::channels && part.extent % left == 0) {
                append_part(result.axes[a], {part.kind, left});
                part.extent /= left;
                left = 1;
            } else {
                return std::nullopt;
            }
        }
    }
    if (next != parts.size()) return std::nullopt;
    return result;
}

OnnxView transposed(const OnnxView& view, const std::vector<std::size_t>& order) {
    OnnxView result = view;
    for (std::size_t a = 0; a < order.size(); ++a) result.axes[a] = view.axes[order[a]];
    const std::vector<ChannelPart> parts = channel_parts(view);
    std::vector<ChannelPart> reordered;
    for (const std::size_t axis : order) {
        std::copy_if(parts.begin(), parts.end(), std::back_inserter(reordered),
                     [&](const ChannelPart& part) { return part.axis == axis; });
    }
    result.channels = channels_in_order(view, reordered);
    return result;
}

std::optional<OnnxView> taken(const OnnxView& view, std::size_t axis, const std::vector<std::int64_t>& places) {
    const ViewAxis& parts = view.axes[axis];
    if (holds_only(parts, Kind::channels)) return taken_channels(view, axis, places);
    const auto count = static_cast<std::int64_t>(places.size());
    if (parts.size() != 1 || places.empty() || count > kMaxExtent) return std::nullopt;
    OnnxView result = view;
    std::vector<std::int64_t>& lines = parts[0].kind == Kind::rows ? result.rows : result.columns;
    if (lines.empty()) {
        lines = places;
    } else {
        std::vector<std::int64_t> chosen;
        for (const std::int64_t place : places) chosen.push_back(lines[static_cast<std::size_t>(place)]);
        lines = std::move(chosen);
    }
    result.axes[axis] = axis_of(parts[0].kind, count);
    return result;
}

} // namespace banyan
