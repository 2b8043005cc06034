#pragma once

#include "core/random.h"
#include "data/demo_canvas.h"

namespace banyan::demo {

enum class Place { street, room, workshop, park };

/// Fills the whole canvas with a place without people. Returns the height (picture y) where the ground begins.
double draw_background(Canvas& canvas, Place place, Random& random);

} // namespace banyan::demo
