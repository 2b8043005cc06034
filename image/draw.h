#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/box.h"
#include "image/image.h"

namespace banyan {

/// One box to draw with its label ("face 0.93"; "" draws no tag) in the colour of a class.
struct DrawnBox {
    Box box;
    std::string label;
    int colour = 0; ///< any number, e.g. the class id; see class_colour()
};

/// RGB of class `index`: the seven coloured ones of Okabe and Ito's palette, which people with any colour vision can
/// tell apart; repeats after seven. Source: M. Okabe, K. Ito, "Color Universal Design", 2002.
std::array<std::uint8_t, 3> class_colour(int index);

/// Draws the boxes in order, later ones on top: outlines whose width follows the picture's size, then all labels as
/// filled tags above their boxes (inside where there is no room), moved so that they stay in the picture. Boxes are cut
/// to the picture; what lies wholly outside is not drawn. Letters beyond ASCII are shown as "?".
/// @param line_px width of the outlines; 0: by the picture's size
void draw_boxes(Image& image, const std::vector<DrawnBox>& boxes, int line_px = 0);

/// Contact sheet: each picture letterboxed to side x side, row by row; rest grey. Empty for no pictures.
Image tile(const std::vector<Image>& images, int columns, int side);

} // namespace banyan
