#include "data/transforms.h"

#include <cstddef>

namespace banyan {

Labels transform_randomly(const Image& image, const Labels& labels, int side, const TransformOptions& options,
                          Random& random, std::uint8_t* target) {
    const Placement placement = random_placement(image.width, image.height, side, options, random);
    const ColourMatrix colours = random_colours(options, random);
    place_image(image, placement, side, target);
    const CoveredPixels covered = covered_pixels(image.width, image.height, placement, side);
    const auto width = static_cast<std::size_t>(covered.x1 - covered.x0);
    for (int y = covered.y0; y < covered.y1; ++y) {
        const std::size_t first =
            static_cast<std::size_t>(y) * static_cast<std::size_t>(side) + static_cast<std::size_t>(covered.x0);
        apply_colours(colours, target + first * 3, width);
    }
    return place_labels(labels, placement, side, options);
}

} // namespace banyan
