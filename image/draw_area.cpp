#include "image/draw_area.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/check.h"

namespace banyan {

namespace {

constexpr float kHatchPeriod = 9, kHatchLine = 2.2F; // in pixels across the lines

std::uint8_t* pixel_at(Image& image, int x, int y) { return image.row(y) + static_cast<std::ptrdiff_t>(x) * 3; }

void check_size(const Image& image, const std::vector<std::uint8_t>& kinds) {
    const std::size_t pixels = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
    BANYAN_CHECK(kinds.size() == pixels, "a picture of ", pixels, " pixels cannot have ", kinds.size(), " kinds");
}

void mix(std::uint8_t* pixel, const std::array<std::uint8_t, 3>& rgb, float share) {
    for (std::size_t c = 0; c < 3; ++c) {
        const auto before = static_cast<float>(pixel[c]);
        pixel[c] = static_cast<std::uint8_t>(std::lround(before + share * (static_cast<float>(rgb[c]) - before)));
    }
}

/// Share of a hatching line in a pixel; lines rise to the right.
float hatch_share(int x, int y, float shift) {
    const float across = (static_cast<float>(x + y) + shift) * 0.70710678F;
    const float place = across - std::floor(across / kHatchPeriod) * kHatchPeriod;
    return std::clamp(kHatchLine / 2 + 0.5F - std::abs(place - kHatchPeriod / 2), 0.0F, 1.0F);
}

void shade_pixel(std::uint8_t* pixel, const AreaShade& shade) {
    const float grey = 0.299F * static_cast<float>(pixel[0]) + 0.587F * static_cast<float>(pixel[1]) +
                       0.114F * static_cast<float>(pixel[2]);
    for (std::size_t c = 0; c < 3; ++c) {
        const float value = (grey + shade.colour * (static_cast<float>(pixel[c]) - grey)) * shade.brightness;
        pixel[c] = static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L));
    }
    if (shade.tint_share > 0) mix(pixel, shade.tint, shade.tint_share);
}

} // namespace

void shade_areas(Image& image, const std::vector<std::uint8_t>& kinds, const std::vector<AreaShade>& shades) {
    check_size(image, kinds);
    std::size_t place = 0;
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
            const std::size_t kind = kinds[place++];
            BANYAN_CHECK(kind < shades.size(), "kind ", kind, " has no shade");
            std::uint8_t* pixel = pixel_at(image, x, y);
            shade_pixel(pixel, shades[kind]);
            if (!shades[kind].is_hatched) continue;
            mix(pixel, {0, 0, 0}, 0.6F * hatch_share(x, y, 2)); // a shadow, so that lines show on white too
            mix(pixel, {255, 255, 255}, 0.85F * hatch_share(x, y, 0));
        }
    }
}

void draw_borders(Image& image, const std::vector<std::uint8_t>& kinds) {
    check_size(image, kinds);
    const auto width = static_cast<std::size_t>(image.width);
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
            const std::size_t place = static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x);
            const bool differs =
                (x > 0 && kinds[place - 1] != kinds[place]) || (y > 0 && kinds[place - width] != kinds[place]);
            if (differs) mix(pixel_at(image, x, y), {255, 255, 255}, 0.75F);
        }
    }
}

void fill_area(Image& image, int left, int top, int width, int height, const std::array<std::uint8_t, 3>& rgb) {
    for (int y = std::max(0, top); y < std::min(image.height, top + height); ++y) {
        for (int x = std::max(0, left); x < std::min(image.width, left + width); ++x) {
            std::copy(rgb.begin(), rgb.end(), pixel_at(image, x, y));
        }
    }
}

void paste(Image& target, const Image& picture, int left, int top) {
    const int x_begin = std::max(0, -left), x_end = std::min(picture.width, target.width - left);
    if (x_begin >= x_end) return;
    for (int y = std::max(0, -top); y < std::min(picture.height, target.height - top); ++y) {
        const std::uint8_t* from = picture.row(y) + static_cast<std::ptrdiff_t>(x_begin) * 3;
        std::copy_n(from, std::ptrdiff_t{x_end - x_begin} * 3, pixel_at(target, left + x_begin, top + y));
    }
}

} // namespace banyan
