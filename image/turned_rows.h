#pragma once

#include <cstdint>

#include "image/image.h"
#include "image/placement.h"

namespace banyan {

/// Rows of a target that show a turned or sheared picture (place_image() in image/resample.h).
class TurnedRows {
public:
    /// `source` must outlive it.
    TurnedRows(const Image& source, const Placement& placement, int side);

    /// Writes the columns of `span`, all of which the picture covers, to `row` ([side, 3] bytes), row `y` of the
    /// target.
    void write(int y, const PixelSpan& span, std::uint8_t* row) const;

private:
    const Image& picture() const { return factor_ == 1 ? source_ : shrunk_; }

    const Image& source_;
    Placement placement_;
    int side_;
    int factor_;
    Image shrunk_; ///< by factor_; empty when that is 1
};

} // namespace banyan
