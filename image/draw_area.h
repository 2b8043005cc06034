#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "image/image.h"

namespace banyan {

/// How pixels of one kind are changed, so that they can be told from those of other kinds.
struct AreaShade {
    float brightness = 1; ///< factor [0, 1]
    float colour = 1;     ///< 0: grey; 1: as it is
    std::array<std::uint8_t, 3> tint{};
    float tint_share = 0; ///< of the tint in the mixture [0, 1]
    bool is_hatched = false;
};

/// Shades the picture. @param kinds [height, width] index into `shades` of each pixel
/// @throws CheckError another size; a kind without a shade
void shade_areas(Image& image, const std::vector<std::uint8_t>& kinds, const std::vector<AreaShade>& shades);

/// Light lines along the borders between pixels of different kinds.
void draw_borders(Image& image, const std::vector<std::uint8_t>& kinds);

void fill_area(Image& image, int left, int top, int width, int height, const std::array<std::uint8_t, 3>& rgb);

/// Copies `picture` into `target`, its upper left corner at (left, top); what lies outside is cut.
void paste(Image& target, const Image& picture, int left, int top);

} // namespace banyan
