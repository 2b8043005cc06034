#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "image/image.h"

namespace banyan {

/// How text is written: one line, letters without serifs. Letters beyond ASCII are shown as "?".
struct LetterStyle {
    double height_px = 9; ///< of capital letters
    std::array<std::uint8_t, 3> rgb = {255, 255, 255};
};

/// Width in pixels of a line.
int text_width(const std::string& text, const LetterStyle& style);

/// Writes a line whose capital letters have their upper left corner at (left, top); what lies outside is cut.
void draw_text(Image& image, int left, int top, const std::string& text, const LetterStyle& style);

/// The line, or its beginning with "..." behind it that fits into `width_px`; "" where not even the dots fit.
std::string shortened_text(const std::string& text, int width_px, const LetterStyle& style);

/// ASCII letters alone: one "?" for each other one.
std::string ascii_of(const std::string& text);

} // namespace banyan
