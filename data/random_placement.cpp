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

/// Between both edges aligned: inside the target when it fits, covering the target when it does not.
double random_offset(double length, int side, Random& random) {
    const double room = side - length;
    return random.uniform(std::min(0.0, room), std::max(0.0, room));
}

bool has_area(const Box& box) { return box.x1 > box.x0 && box.y1 > box.y0; }

} // namespace

Placement random_placement(int width, int height, int side, const TransformOptions& options, Random& random) {
    Placement placement = letterbox_placement(width, height, side);
    placement.flip = random.chance(options.flip);
    if (options.scale_low == 1.0 && options.scale_high == 1.0) return placement;
    placement.scale *= log_uniform(options.scale_low, options.scale_high, random);
    placement.offset_x = random_offset(placement.scale * width, side, random);
    placement.offset_y = random_offset(placement.scale * height, side, random);
    return placement;
}

Labels place_labels(const Labels& labels, const Placement& placement, int side, const TransformOptions& options) {
    const Box target{0, 0, static_cast<float>(side), static_cast<float>(side)};
    Labels placed;
    placed.states = labels.states;
    for (const LabelledBox& labelled : labels.boxes) {
        const Box whole = place_box(labelled.box, placement, side);
        const Box cut = intersect(whole, target);
        if (!has_area(cut)) continue;
        const bool judged = covered_share(whole, target) >= options.min_visible &&
                            std::min(cut.width(), cut.height()) >= options.min_side_px;
        if (judged) {
            placed.boxes.push_back({cut, labelled.class_id});
        } else {
            placed.ignore.push_back({cut, labelled.class_id});
        }
    }
    for (const IgnoreRegion& region : labels.ignore) {
        const Polygon cut = clip(place_polygon(region.area, placement, side), target);
        if (area(cut) > 0) placed.ignore.push_back({cut, region.class_id});
    }
    return placed;
}

} // namespace banyan
