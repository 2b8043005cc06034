#pragma once

#include "core/random.h"
#include "data/demo_canvas.h"

namespace banyan::demo {

/// Draws a thing that stands on the ground at `foot`: ball, box, lamp, sign, plant, cone, mannequin, bin, … About
/// `size_px` high. Many look a little like a part of a person; none is labelled.
void draw_standing_thing(Canvas& canvas, const Point& foot, double size_px, Random& random);

/// Draws a thing in the air or on a wall at `centre`: balloon, round lamp, clock, smiling sun, kite, hanging shirt.
void draw_hanging_thing(Canvas& canvas, const Point& centre, double size_px, Random& random);

} // namespace banyan::demo
