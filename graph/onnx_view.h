#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.h"
#include "graph/onnx_graph.h"

namespace banyan {

/// A part of an axis of a tensor.
struct ViewPart {
    enum class Kind { channels, rows, columns } kind = Kind::channels;
    std::int64_t extent = 1; ///< never 1: such parts are left out
    bool operator==(const ViewPart&) const = default;
};
/// An axis as the product of its parts, the outermost first; {} is an extent of 1.
using ViewAxis = std::vector<ViewPart>;

/// An ONNX tensor that holds numbers of one value of our graph, moved but not changed: what reshapes, transpositions,
/// splits, slices and gathers make of it. N is 1. Most networks only shuffle and split channels so; nothing is computed
/// until an operator needs the numbers in order.
struct OnnxView {
    ValueId source = -1;
    std::vector<ViewAxis> axes;
    /// By the place among the channel parts of all axes, row-major: the channel of the source.
    std::vector<std::int64_t> channels;
    /// By the place in the axis: row or column of the source; {}: all as they are.
    std::vector<std::int64_t> rows, columns;
    std::array<std::int64_t, 4> padding{}; ///< zeros around it: top, left, bottom, right
    bool is_only_use = false;              ///< nothing else reads the source, and no output is it

    bool is_padded() const { return padding != std::array<std::int64_t, 4>{}; }
    /// All channels of the source in their order, and there are `count` of them.
    bool keeps_channels(std::int64_t count) const;
};

/// The value as it is, [1, C, H, W] or, if `channels_last`, [1, H, W, C].
OnnxView whole_view(ValueId source, const ValueShape& shape, bool channels_last = false);

/// Extents of the axes, without padding.
OnnxDims extents_of(const OnnxView& view);
std::int64_t extent_of(const ViewAxis& axis);

/// Whether the axes are [1, C, H, W]; trailing ones of extent 1 may be missing.
bool is_channels_first(const OnnxView& view);
/// Index of the axis that holds channels and all of them; nothing: channels are on several axes or beside pixels.
std::optional<std::size_t> channel_axis(const OnnxView& view);

/// The same numbers in their order with other extents, all >= 1 and with the same product; nothing: an axis would hold
/// a part of the rows or columns.
std::optional<OnnxView> reshaped(const OnnxView& view, const OnnxDims& dims);
/// Axis i of the result is axis order[i]. Precondition: a permutation.
OnnxView transposed(const OnnxView& view, const std::vector<std::size_t>& order);
/// Places of one axis, in the order of `places`, all in range; nothing: the axis has rows or columns beside others.
std::optional<OnnxView> taken(const OnnxView& view, std::size_t axis, const std::vector<std::int64_t>& places);

} // namespace banyan
