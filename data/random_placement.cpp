#include "data/random_placement.h"

#include <algorithm>

namespace banyan {

namespace {

/// Density 1 / x on [lo, hi], by rejection: unlike exp and log the same bits everywhere. About 2 rounds for the
/// default range, 70 for the widest.
double log_uniform(double lo, double hi, Random& random) {
    while (true) {
        const double x = random.uniform(lo, hi);
        if (random.uniform() * x <= lo) return x;
    }
}

/// Between both edges aligned: inside the window when it fits, covering the window when it does not.
double random_offset(double length, int window, Random& random) {
    const double room = window - length;
    return random.uniform(std::min(0.0, room), std::max(0.0, room));
}

Turn random_turn(const TransformOptions& options, Random& random) {
    if (options.rotate_degrees == 0 && options.shear_degrees == 0) return {};
    const double degrees = random.uniform(-options.rotate_degrees, options.rotate_degrees);
    return make_turn(degrees, random.uniform(-options.shear_degrees, options.shear_degrees));
}

bool has_one_size(const TransformOptions& options) { return options.scale_low == 1.0 && options.scale_high == 1.0; }

} // namespace

double random_scale(const TransformOptions& options, Random& random) {
    return has_one_size(options) ? 1.0 : log_uniform(options.scale_low, options.scale_high, random);
}

Placement random_placement(int width, int height, const PlacementFrame& frame, const TransformOptions& options,
                           Random& random) {
    Placement placement = letterbox_placement(width, height, frame.side);
    placement.flip = random.chance(options.flip);
    placement.turn = random_turn(options, random);
    const bool centred = has_one_size(options) && frame.window == whole_target(frame.side);
    if (centred && placement.is_straight()) return placement;

    placement.scale *= frame.size * random_scale(options, random);
    placement.offset_x = placement.offset_y = 0;
    const PlacedExtent extent = placed_extent(width, height, placement);
    const PixelRect window = placement.flip ? mirror(frame.window, frame.side) : frame.window;
    const auto offset = [&](double length, int room) {
        return centred ? (room - length) / 2 : random_offset(length, room, random);
    };
    placement.offset_x = window.x0 + offset(extent.width, window.width()) - extent.x0;
    placement.offset_y = window.y0 + offset(extent.height, window.height()) - extent.y0;
    return placement;
}

} // namespace banyan
