#pragma once

#include "core/random.h"
#include "data/demo_shapes.h"

namespace banyan::demo {

/// Colour of skin (or of a glove) and of the lines on it.
struct Skin {
    Colour base;
    Colour line;
};

Skin random_skin(Random& random);

enum class Gesture { open, relaxed, fist, point, peace, thumb };

struct HandStyle {
    Skin skin;
    Gesture gesture = Gesture::open;
    bool thumb_left = false;
    double spread = 1; ///< of the fingers [0, 2]
};

/// A hand: palm, fingers and thumb. `wrist`: origin at the wrist, y along the fingers, one unit = its open length.
void draw_hand(Canvas& canvas, const Frame& wrist, const HandStyle& style, Owner owner);

/// The frame of something that starts at `from` and points along `direction` with its y axis.
Frame pointing(const Point& from, const Point& direction, double unit);

} // namespace banyan::demo
