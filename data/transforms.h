#pragma once

#include <cstdint>

#include "core/image.h"
#include "core/random.h"
#include "data/colours.h"
#include "data/letterbox.h"
#include "data/placement.h"
#include "data/resample.h"
#include "data/sample.h"
#include "data/transform_options.h"

namespace banyan {

/// All of training's changes: the picture into `target` [side, side, 3], its labels returned in target pixels.
/// The grey beside the picture keeps its colour, as the network sees it in use.
Labels transform_randomly(const Image& image, const Labels& labels, int side, const TransformOptions& options,
                          Random& random, std::uint8_t* target);

} // namespace banyan
