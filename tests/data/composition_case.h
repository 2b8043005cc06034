#pragma once

#include <memory>
#include <vector>

#include "data/composition.h"
#include "data/composition_oracle.h"

namespace banyan::test {

/// A random composition, with any of the transforms, of a few pictures with random labels; each has a colour of its own
/// (its number, 9, 9).
struct CompositionCase {
    explicit CompositionCase(int seed);
    CompositionCase(const CompositionCase&) = delete;
    CompositionCase& operator=(const CompositionCase&) = delete;

    /// Some picture's labels have regions even before.
    bool has_own_regions() const;

    TransformOptions options;
    std::vector<std::shared_ptr<const Image>> images;
    std::vector<Labels> labels;
    Composition composition;
};

} // namespace banyan::test
