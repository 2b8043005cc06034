#pragma once

#include <cstdint>

#include "core/random.h"
#include "data/compose_labels.h"
#include "data/composition.h"
#include "data/sample.h"
#include "data/transform_options.h"
#include "image/letterbox.h"
#include "image/resample.h"

namespace banyan {

/// All of training's changes: the row's picture into `target` [side, side, 3], its labels returned in target pixels.
Labels transform_randomly(const RowPictures& pictures, int side, const TransformOptions& options, Random& random,
                          std::uint8_t* target);

} // namespace banyan
