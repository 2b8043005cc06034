#include "data/composition.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "data/random_placement.h"
#include "image/resample.h"

namespace banyan {

namespace {

constexpr std::int64_t kMaxPatches = 3;
constexpr double kLeastMargin = 0.1; // of a patch's box, on each side
constexpr double kMostMargin = 0.4;
constexpr double kLargestPatch = 0.6; // of the target's side
constexpr int kLeastBlend = 96;       // of Composition::kBlendOne
constexpr int kMostBlend = 160;

PictureLayer random_layer(const LabelledPicture& picture, const PlacementFrame& frame, const TransformOptions& options,
                          Random& random) {
    PictureLayer layer;
    layer.picture = picture;
    layer.placement = random_placement(picture.image->width, picture.image->height, frame, options, random);
    layer.window = frame.window;
    layer.colours = random_colours(options, random);
    return layer;
}

std::vector<PictureLayer> random_mosaic(const RowPictures& pictures, int side, const TransformOptions& options,
                                        Random& random) {
    const int x = static_cast<int>(random.integer(side / 4, side - side / 4));
    const int y = static_cast<int>(random.integer(side / 4, side - side / 4));
    const std::array<PixelRect, 4> windows{{{0, 0, x, y}, {x, 0, side, y}, {0, y, x, side}, {x, y, side, side}}};
    const auto place_of_primary = static_cast<std::size_t>(random.integer(0, 3));
    std::vector<PictureLayer> layers;
    for (std::size_t i = 0; i < windows.size(); ++i) {
        const LabelledPicture picture = i == place_of_primary ? pictures.primary : pictures.partner();
        layers.push_back(random_layer(picture, {side, windows[i], options.mosaic_scale}, options, random));
    }
    return layers;
}

/// The box with a margin, cut to the picture.
Box with_margin(const Box& box, double margin, const Image& image) {
    const float x = box.width() * static_cast<float>(margin);
    const float y = box.height() * static_cast<float>(margin);
    return clip({box.x0 - x, box.y0 - y, box.x1 + x, box.y1 + y}, static_cast<float>(image.width),
                static_cast<float>(image.height));
}

/// The part `area` of a picture somewhere in the target.
PictureLayer random_patch(const LabelledPicture& picture, const Box& area, int side, const TransformOptions& options,
                          Random& random) {
    PictureLayer patch;
    patch.picture = picture;
    Placement& placement = patch.placement;
    placement.flip = random.chance(options.flip);
    const double width = area.width(), height = area.height();
    const double alone = letterbox_placement(picture.image->width, picture.image->height, side).scale;
    placement.scale = std::min(alone * random_scale(options, random), kLargestPatch * side / std::max(width, height));
    // Rounded down: the centre of each pixel lies in the area.
    const int columns = std::max(1, static_cast<int>(placement.scale * width));
    const int rows = std::max(1, static_cast<int>(placement.scale * height));
    const int x = static_cast<int>(random.integer(0, side - columns));
    const int y = static_cast<int>(random.integer(0, side - rows));
    patch.window = {x, y, x + columns, y + rows};
    const PixelRect before_flip = placement.flip ? mirror(patch.window, side) : patch.window;
    placement.offset_x = before_flip.x0 - placement.scale * static_cast<double>(area.x0);
    placement.offset_y = before_flip.y0 - placement.scale * static_cast<double>(area.y0);
    patch.colours = random_colours(options, random);
    return patch;
}

void add_patches(const LabelledPicture& picture, int side, const TransformOptions& options, Random& random,
                 std::vector<PictureLayer>& layers) {
    std::vector<Box> boxes;
    for (const LabelledBox& labelled : picture.labels->boxes) {
        const LabelState state = picture.labels->states.at(static_cast<std::size_t>(labelled.class_id));
        if (state != LabelState::unknown) boxes.push_back(labelled.box);
    }
    if (boxes.empty()) return;
    random.shuffle(boxes);
    const auto count = random.integer(1, std::min(kMaxPatches, static_cast<std::int64_t>(boxes.size())));
    boxes.resize(static_cast<std::size_t>(count));
    for (const Box& box : boxes) {
        const double margin = random.uniform(kLeastMargin, kMostMargin);
        layers.push_back(random_patch(picture, with_margin(box, margin, *picture.image), side, options, random));
    }
}

void draw_layer(const PictureLayer& layer, int side, std::uint8_t* target) {
    const std::vector<PixelSpan> spans = place_image(*layer.picture.image, layer.placement, side, layer.window, target);
    std::size_t row = static_cast<std::size_t>(layer.window.y0) * static_cast<std::size_t>(side);
    for (const PixelSpan& span : spans) {
        const std::size_t first = row + static_cast<std::size_t>(span.x0);
        apply_colours(layer.colours, target + first * 3, static_cast<std::size_t>(span.x1 - span.x0));
        row += static_cast<std::size_t>(side);
    }
}

} // namespace

Composition compose_randomly(const RowPictures& pictures, int side, const TransformOptions& options, Random& random) {
    // A probability of 0 draws no number, so that rows stay as they are without the option.
    const auto wanted = [&](double probability) { return probability > 0 && random.chance(probability); };
    const PlacementFrame whole{side, whole_target(side), 1.0};
    Composition composition;
    composition.side = side;
    if (wanted(options.mosaic)) {
        composition.layers = random_mosaic(pictures, side, options, random);
    } else {
        composition.layers.push_back(random_layer(pictures.primary, whole, options, random));
    }
    if (wanted(options.copy_paste)) add_patches(pictures.partner(), side, options, random, composition.layers);
    if (wanted(options.mixup)) {
        composition.blended = random_layer(pictures.partner(), whole, options, random);
        composition.blend_weight = static_cast<int>(random.integer(kLeastBlend, kMostBlend));
    }
    return composition;
}

void draw_composition(const Composition& composition, std::uint8_t* target) {
    for (const PictureLayer& layer : composition.layers) draw_layer(layer, composition.side, target);
    if (!composition.blended) return;
    const auto side = static_cast<std::size_t>(composition.side);
    std::vector<std::uint8_t> other(side * side * 3);
    draw_layer(*composition.blended, composition.side, other.data());
    const int weight = composition.blend_weight;
    for (std::size_t i = 0; i < other.size(); ++i) {
        const int sum = target[i] * (Composition::kBlendOne - weight) + other[i] * weight;
        target[i] = static_cast<std::uint8_t>((sum + Composition::kBlendOne / 2) / Composition::kBlendOne);
    }
}

} // namespace banyan
