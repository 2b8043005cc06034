#include "data/placement.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"

namespace banyan {

namespace {

void check_sizes(int width, int height, int side) {
    BANYAN_CHECK(width > 0 && height > 0 && side > 0, "placement: sizes must be positive, got a picture of ", width,
                 " x ", height, " and side ", side);
}

/// Rounded to float, so that LetterboxGeometry holds the very placement.
double as_float(double value) { return static_cast<double>(static_cast<float>(value)); }

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

std::pair<int, int> covered_range(double offset, double length, int side) {
    const auto first_centre_from = [side](double edge) {
        return static_cast<int>(std::clamp(std::ceil(edge - 0.5), 0.0, static_cast<double>(side)));
    };
    return {first_centre_from(offset), first_centre_from(offset + length)};
}

bool has_area(const Box& box) { return box.x1 > box.x0 && box.y1 > box.y0; }

} // namespace

Placement letterbox_placement(int width, int height, int side) {
    check_sizes(width, height, side);
    Placement placement;
    placement.scale = as_float(static_cast<double>(side) / std::max(width, height));
    // The long side's padding is zero, not what rounding the scale leaves.
    if (width < height) placement.offset_x = as_float((side - placement.scale * width) / 2);
    if (height < width) placement.offset_y = as_float((side - placement.scale * height) / 2);
    return placement;
}

Placement random_placement(int width, int height, int side, const TransformOptions& options, Random& random) {
    Placement placement = letterbox_placement(width, height, side);
    placement.flip = random.chance(options.flip);
    if (options.scale_low == 1.0 && options.scale_high == 1.0) return placement;
    placement.scale *= log_uniform(options.scale_low, options.scale_high, random);
    placement.offset_x = random_offset(placement.scale * width, side, random);
    placement.offset_y = random_offset(placement.scale * height, side, random);
    return placement;
}

Box place_box(const Box& box, const Placement& placement, int side) {
    const auto place_x = [&](float x) { return placement.scale * static_cast<double>(x) + placement.offset_x; };
    const auto place_y = [&](float y) { return placement.scale * static_cast<double>(y) + placement.offset_y; };
    double x0 = place_x(box.x0);
    double x1 = place_x(box.x1);
    if (placement.flip) {
        std::swap(x0, x1);
        x0 = side - x0;
        x1 = side - x1;
    }
    return {static_cast<float>(x0), static_cast<float>(place_y(box.y0)), static_cast<float>(x1),
            static_cast<float>(place_y(box.y1))};
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
        const Box cut = intersect(place_box(region.box, placement, side), target);
        if (has_area(cut)) placed.ignore.push_back({cut, region.class_id});
    }
    return placed;
}

CoveredPixels covered_pixels(int width, int height, const Placement& placement, int side) {
    check_sizes(width, height, side);
    auto [x0, x1] = covered_range(placement.offset_x, placement.scale * width, side);
    const auto [y0, y1] = covered_range(placement.offset_y, placement.scale * height, side);
    if (placement.flip) {
        std::swap(x0, x1);
        x0 = side - x0;
        x1 = side - x1;
    }
    return {x0, y0, x1, y1};
}

} // namespace banyan
