#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include "core/box.h"
#include "core/random.h"
#include "image/image.h"

namespace banyan::test {

using Rgb = std::array<std::uint8_t, 3>;

inline constexpr Rgb kRed = {255, 0, 0};
inline constexpr Rgb kBlue = {0, 0, 255};

inline Rgb pixel(const Image& image, int x, int y) {
    const std::uint8_t* bytes = image.row(y) + static_cast<std::ptrdiff_t>(x) * 3;
    return {bytes[0], bytes[1], bytes[2]};
}

/// Fills the whole pixels of `box`.
inline void paint(Image& image, const Box& box, const Rgb& colour) {
    for (int y = static_cast<int>(box.y0); y < static_cast<int>(box.y1); ++y) {
        for (int x = static_cast<int>(box.x0); x < static_cast<int>(box.x1); ++x) {
            std::copy(colour.begin(), colour.end(), image.row(y) + static_cast<std::ptrdiff_t>(x) * 3);
        }
    }
}

inline Image plain_image(int width, int height, const Rgb& colour) {
    Image image(width, height);
    paint(image, {0, 0, static_cast<float>(width), static_cast<float>(height)}, colour);
    return image;
}

inline Image noise_image(int width, int height, std::uint64_t seed) {
    Random random(seed);
    Image image(width, height);
    for (std::uint8_t& byte : image.rgb) byte = static_cast<std::uint8_t>(random.integer(0, 255));
    return image;
}

/// Bounds of the pixels that are nearer to `colour` than 100 in every channel; an empty box when there are none.
inline Box extent_of(const Image& image, const Rgb& colour) {
    int x0 = image.width, y0 = image.height, x1 = 0, y1 = 0;
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
            const Rgb found = pixel(image, x, y);
            bool near = true;
            for (std::size_t c = 0; c < 3; ++c) near = near && std::abs(int{found[c]} - int{colour[c]}) < 100;
            if (!near) continue;
            x0 = std::min(x0, x);
            y0 = std::min(y0, y);
            x1 = std::max(x1, x + 1);
            y1 = std::max(y1, y + 1);
        }
    }
    if (x1 == 0) return {};
    return {static_cast<float>(x0), static_cast<float>(y0), static_cast<float>(x1), static_cast<float>(y1)};
}

} // namespace banyan::test
