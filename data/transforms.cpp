#include "data/transforms.h"

namespace banyan {

Labels transform_randomly(const RowPictures& pictures, int side, const TransformOptions& options, Random& random,
                          std::uint8_t* target) {
    const Composition composition = compose_randomly(pictures, side, options, random);
    draw_composition(composition, target);
    return compose_labels(composition, options);
}

} // namespace banyan
