#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/image.h"

namespace banyan {

/// The whole factor of the box filter that goes before resampling by `scale`: 1 above a half, at most 1024.
int shrink_factor(double scale);
/// Pixels left of `count`.
inline int shrunk_size(int count, int factor) { return (count + factor - 1) / factor; }

/// Rows of a picture shrunk by a whole factor, only columns [begin, end) of the shrunk picture, made when asked for.
/// Exact means; blocks at the right and lower edge average what there is of them.
class ShrunkRows {
public:
    /// `source` must outlive it.
    ShrunkRows(const Image& source, int factor, int begin, int end);

    /// Valid until the next but one other row is asked for.
    const std::uint8_t* row(int y);

private:
    struct Slot {
        int y = -1;
        std::vector<std::uint8_t> bytes;
    };

    int add_rows(int y);
    void average_blocks(int y, std::uint8_t* out);
    /// Blocks [first, last), all of `width` columns.
    void average_blocks(std::size_t first, std::size_t last, std::size_t width, int rows, std::uint8_t* out) const;

    const Image& source_;
    int factor_;
    int begin_;
    std::size_t count_;
    std::vector<std::uint32_t> sums_; ///< of the rows of one block
    std::array<Slot, 2> slots_;
};

} // namespace banyan
