#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/random.h"
#include "data/colours.h"
#include "data/sample.h"
#include "data/transform_options.h"
#include "image/image.h"
#include "image/placement.h"

namespace banyan {

/// A decoded picture and its labels, in its own pixels.
struct LabelledPicture {
    std::shared_ptr<const Image> image;
    const Labels* labels = nullptr;
};

/// What a training row can be made of.
struct RowPictures {
    LabelledPicture primary;
    std::function<LabelledPicture()> partner; ///< another picture at each call; only asked where options want one
};

/// One picture as it lies in a composed one.
struct PictureLayer {
    LabelledPicture picture;
    Placement placement;
    PixelRect window; ///< the pixels that it takes up, grey beside the picture included; hides the layers below
    ColourMatrix colours;
};

/// What a training row shows: one picture; or four around a point (mosaic), one of them the primary; on top of either
/// up to three patches around boxes of a partner (copy-paste); and all of that blended with one partner (mixup).
struct Composition {
    static constexpr int kBlendOne = 256;

    int side = 0;
    std::vector<PictureLayer> layers;    ///< bottom to top; together they cover the target
    std::optional<PictureLayer> blended; ///< takes up the whole target
    int blend_weight = 0;                ///< of `blended`, in parts of kBlendOne
};

/// Draws what the options leave to chance. Pictures of a mosaic are placed anew within their quarter, with the usual
/// flips, turns, sizes (times mosaic_scale) and colours each. A patch is a box of a known class with a margin, neither
/// turned nor larger than 60 % of the target; a partner without such boxes gives none.
Composition compose_randomly(const RowPictures& pictures, int side, const TransformOptions& options, Random& random);

/// Writes the composition to `target` [side, side, 3]. Grey beside a picture keeps its colour, as the network sees it
/// in use.
void draw_composition(const Composition& composition, std::uint8_t* target);

} // namespace banyan
