#pragma once

#include "core/random.h"
#include "data/demo_canvas.h"

namespace banyan::demo {

/// Parts of a figure as the canvas counts them.
enum class FigurePart { body = 0, face = 1, left_hand = 2, right_hand = 3 };

inline Owner owner_of(int figure, FigurePart part) {
    return static_cast<Owner>(figure * kPartsPerFigure + static_cast<int>(part));
}

/// Where a figure stands.
struct FigurePlace {
    Point feet;           ///< between the soles, in picture pixels
    double height_px = 0; ///< from the soles to the top of the head
    double lean = 0;      ///< radians
};

/// Draws a person of random looks and pose; `figure` counts from 1. Arms and hands may be behind the back or the thing
/// that is carried, and a figure may turn its back: those parts are not drawn.
void draw_figure(Canvas& canvas, const FigurePlace& place, int figure, Random& random);

} // namespace banyan::demo
