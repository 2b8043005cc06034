#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/box.h"
#include "image/placement.h"

namespace banyan {

/// A set of pixels of a picture that tells in constant time how much of a box lies in it (summed-area table: Crow,
/// "Summed-Area Tables for Texture Mapping", 1984). Pixels are unit squares and boxes may have any edges: areas are
/// exact but for the rounding of a few sums in double.
class AreaMap {
public:
    /// Writes row y of the window: a byte for each of its columns, 1 = in the set, else 0.
    using FillRow = std::function<void(int y, std::uint8_t* row)>;

    /// A set without a pixel. @throws CheckError a size below 1, or more than 2^31 - 1 pixels
    AreaMap(int width, int height);
    /// Pixels outside `window` are not in the set. @param fill_row called once for each row of the window, from the top
    /// @throws CheckError also a window that leaves the picture
    AreaMap(int width, int height, const PixelRect& window, const FillRow& fill_row);

    bool empty() const { return pixels() == 0; }
    std::size_t pixels() const { return pixels_; }
    bool full() const { return static_cast<double>(pixels_) == width_ * height_; }
    bool holds(int x, int y) const; ///< false outside the picture

    /// Share of the part of `box` inside the picture that lies in the set, in [0, 1]; 0 for a box without such a part.
    double share(const Box& box) const;

private:
    double sum_at(double x, double y) const;
    std::int32_t sum_at_corner(int x, int y) const;

    double width_, height_;
    PixelRect window_;
    std::size_t pixels_ = 0;
    /// [window height + 1, window width + 1] pixels above and left of a corner; nothing without pixels
    std::unique_ptr<std::int32_t[]> sums_;
};

} // namespace banyan
