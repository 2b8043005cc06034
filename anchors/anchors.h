#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/box.h"

namespace banyan {

enum class AnchorKind {
    boxes, ///< A prior boxes a cell; box outputs are offsets from them (BoxCoder::deltas)
    points ///< one point a cell, anchor-free; box outputs are distances to the four sides (BoxCoder::distances)
};

/// Width and height of one prior box in pixels of the network input.
struct AnchorSize {
    double width_px = 0;
    double height_px = 0;
    bool operator==(const AnchorSize&) const = default;
};

/// Anchors of one branch.
struct AnchorOptions {
    AnchorKind kind = AnchorKind::boxes;
    std::vector<int> levels{3, 4, 5, 6}; ///< ascending; level l has stride 2^l
    std::vector<double> scales{6.0};     ///< side = scale * stride; points: exactly one, used by the matcher only
    std::vector<double> aspect_hw{1.0};  ///< height / width at the same area; A = scales * aspects
    /// Sizes by level instead of scales and aspects (e.g. from fit_anchors); one list a level, all of one length.
    std::vector<std::vector<AnchorSize>> sizes;
    bool operator==(const AnchorOptions&) const = default;
};

/// Prior boxes a cell (A). points: 1.
std::size_t anchors_per_cell(const AnchorOptions& options);

/// The A prior sizes of the level at place `position` of options.levels. Without `sizes`: scale by scale, each with all
/// its aspects; width = scale * stride / sqrt(aspect), height = scale * stride * sqrt(aspect).
std::vector<AnchorSize> sizes_of_level(const AnchorOptions& options, std::size_t position);

/// Anchors of one level: `cells` rows of the grid lie at [first, first + height * width * A).
struct AnchorLevel {
    int level = 0;
    int stride = 0;
    int height = 0; ///< cells
    int width = 0;
    std::size_t first = 0; ///< index of its first anchor
};

/// All anchors of a branch for one input size, in the order level, row, column, anchor of the cell (R in all): that of
/// head outputs permuted to [N, H*W*A, K] and joined over levels. Centres lie at ((x + 0.5), (y + 0.5)) * stride.
struct AnchorSet {
    AnchorKind kind = AnchorKind::boxes;
    std::size_t per_cell = 1;
    int height = 0; ///< network input in pixels
    int width = 0;
    std::vector<AnchorLevel> levels;
    std::vector<Box> boxes; ///< [R] in pixels of the network input; not clipped

    std::size_t size() const { return boxes.size(); }
    /// Stride of the level that anchor `index` lies on.
    int stride_of(std::size_t index) const;
};

/// @param height, width network input in pixels; a level has ceil(size / stride) cells, as padded stride-2 convs make
/// @throws CheckError options that validate_anchors refuses, or a size outside [1, 65536]
AnchorSet make_anchors(const AnchorOptions& options, int height, int width);

/// @throws ConfigError at `where`: levels not ascending or outside [2, 8], empty or non-positive scales, aspects or
///         sizes, lists of sizes that do not fit the levels, points with more than one scale or aspect
void validate_anchors(const AnchorOptions& options, const std::string& where);
/// The same for options that no config file gave. @throws CheckError
void check_anchors(const AnchorOptions& options);

} // namespace banyan
