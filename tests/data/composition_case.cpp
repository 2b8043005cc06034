#include "data/composition_case.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "support/painted_image.h"

namespace banyan::test {

namespace {

/// Corners in order around a centre, at any distance: concave more often than not.
Polygon random_star(Random& random, double width, double height) {
    const double x = random.uniform(0, width), y = random.uniform(0, height);
    const auto corners = random.integer(3, 8);
    std::vector<Point> points;
    for (std::int64_t i = 0; i < corners; ++i) {
        const double angle =
            (static_cast<double>(i) + random.uniform(0, 0.9)) * 6.283185307 / static_cast<double>(corners);
        const double radius = random.uniform(2, 30);
        points.push_back({static_cast<float>(std::clamp(x + radius * std::cos(angle), 0.0, width)),
                          static_cast<float>(std::clamp(y + radius * std::sin(angle), 0.0, height))});
    }
    return Polygon(std::move(points));
}

Box random_box(Random& random, double width, double height) {
    const double x0 = random.uniform(0, width - 4), y0 = random.uniform(0, height - 4);
    return {static_cast<float>(x0), static_cast<float>(y0), static_cast<float>(random.uniform(x0 + 3, width)),
            static_cast<float>(random.uniform(y0 + 3, height))};
}

std::vector<LabelState> random_states(Random& random) {
    std::vector<LabelState> states;
    for (int k = 0; k < kClasses; ++k) states.push_back(static_cast<LabelState>(random.integer(0, 3)));
    return states;
}

Labels random_labels(Random& random, double width, double height) {
    Labels labels;
    labels.states = random_states(random);
    for (auto i = random.integer(0, 5); i > 0; --i) {
        const int class_id = static_cast<int>(random.integer(0, kClasses - 1));
        if (labels.states[static_cast<std::size_t>(class_id)] == LabelState::absent) continue;
        labels.boxes.push_back({random_box(random, width, height), class_id});
    }
    for (auto i = random.integer(0, 2); i > 0; --i) {
        const Polygon area =
            random.chance(0.5) ? Polygon(random_box(random, width, height)) : random_star(random, width, height);
        labels.ignore.push_back({area, static_cast<int>(random.integer(-1, kClasses - 1))});
    }
    for (auto i = random.chance(0.2) ? random.integer(1, 2) : 0; i > 0; --i) {
        const Polygon area =
            random.chance(0.5) ? Polygon(random_box(random, width, height)) : random_star(random, width, height);
        labels.regions.push_back({area, random_states(random)});
    }
    return labels;
}

TransformOptions random_options(Random& random) {
    TransformOptions options;
    options.brightness = options.contrast = options.saturation = options.hue_degrees = 0;
    options.scale_low = random.chance(0.2) ? 1 : 0.5;
    options.scale_high = options.scale_low == 1 ? 1 : 2;
    options.rotate_degrees = random.chance(0.5) ? 180 : 0;
    options.shear_degrees = random.chance(0.3) ? 30 : 0;
    options.mosaic = options.copy_paste = options.mixup = 0.5;
    if (random.chance(0.5)) options.mirrored_class = {2, 1, 0, 3};
    return options;
}

} // namespace

CompositionCase::CompositionCase(int seed) {
    Random random(20, static_cast<std::uint64_t>(seed));
    options = random_options(random);
    const int count = static_cast<int>(random.integer(1, 5));
    for (int i = 0; i < count; ++i) {
        const int width = static_cast<int>(random.integer(20, 80)), height = static_cast<int>(random.integer(20, 80));
        images.push_back(
            std::make_shared<const Image>(plain_image(width, height, {static_cast<std::uint8_t>(i), 9, 9})));
        labels.push_back(random_labels(random, width, height));
    }
    const auto picture = [this](std::size_t i) { return LabelledPicture{images[i], &labels[i]}; };
    const auto partner = [&] { return picture(static_cast<std::size_t>(random.integer(0, count - 1))); };
    composition = compose_randomly({picture(0), partner}, kSide, options, random);
}

bool CompositionCase::has_own_regions() const {
    return std::any_of(labels.begin(), labels.end(), [](const Labels& of) { return !of.regions.empty(); });
}

} // namespace banyan::test
