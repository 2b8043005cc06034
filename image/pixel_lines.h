#pragma once

#include <cstdint>

#include "image/placement.h"

namespace banyan {

/// Where the centres of one target row's pixels lie on an axis of the picture: column i at start + i * step. Fixed
/// point: the same numbers on every machine, whichever columns are asked for.
struct PixelLine {
    static constexpr int kFractionBits = 32;

    std::int64_t start = 0;
    std::int64_t step = 0;

    std::int64_t at(int column) const { return start + column * step; }
    /// Those columns of `columns` that lie in [0, limit).
    PixelSpan columns_below(int limit, PixelSpan columns) const;
};

/// Row `y` of the target, before the flip, on both axes of the picture, whose pixels count as `pixel` each.
struct PixelLines {
    PixelLines(const Placement& placement, int row, double pixel);

    PixelLine x, y;
};

} // namespace banyan
