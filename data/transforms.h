#pragma once

#include <cstdint>

#include "core/random.h"
#include "data/colours.h"
#include "data/random_placement.h"
#include "data/sample.h"
#include "data/transform_options.h"
#include "image/image.h"
#include "image/letterbox.h"
#include "image/resample.h"

namespace banyan {

/// All of training's changes: the picture into `target` [side, side, 3], its labels returned in target pixels.
/// The grey beside the picture keeps its colour, as the network sees it in use.
Labels transform_randomly(const Image& image, const Labels& labels, int side, const TransformOptions& options,
                          Random& random, std::uint8_t* target);

} // namespace banyan
