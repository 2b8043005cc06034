#pragma once

#include <cstddef>
#include <cstdint>

#include "core/random.h"
#include "data/transform_options.h"

namespace banyan {

/// Random brightness, contrast, saturation and hue, as one 3 x 4 matrix per picture.
struct ColourMatrix {
    float m[3][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}; ///< rgb' = m * (r, g, b, 1), bytes saturate

    bool operator==(const ColourMatrix&) const = default;
};

/// Hue first, then saturation, contrast, brightness. Exactly the identity when all four are off.
ColourMatrix random_colours(const TransformOptions& options, Random& random);

/// In place on `pixels` RGB pixels, rounded to nearest. Coefficients must lie in [-32, 32], offsets in [-4096, 4096].
void apply_colours(const ColourMatrix& matrix, std::uint8_t* rgb, std::size_t pixels);

} // namespace banyan
