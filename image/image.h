#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace banyan {

/// 8-bit RGB picture, rows top-down, interleaved (HWC), no padding.
struct Image {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb; ///< size height * width * 3

    Image() = default;
    Image(int width_px, int height_px)
        : width(width_px), height(height_px),
          rgb(static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px) * 3) {}

    bool empty() const { return rgb.empty(); }
    std::uint8_t* row(int y) { return rgb.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) * 3; }
    const std::uint8_t* row(int y) const {
        return rgb.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) * 3;
    }
};

} // namespace banyan
