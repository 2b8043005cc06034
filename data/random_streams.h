#pragma once

#include <cstddef>
#include <cstdint>

#include "core/random.h"

namespace banyan {

/// What a loader's random numbers are for; numbers of different purposes are independent.
enum class StreamPurpose : std::uint64_t {
    epoch_order = 1, ///< index: data set, count: epoch
    batch_side = 2,  ///< index: 0, count: batch
    transforms = 3,  ///< index: row, count: batch
    partners = 4     ///< index: row, count: batch
};

inline Random random_stream(std::uint64_t seed, StreamPurpose purpose, std::size_t index, std::int64_t count) {
    const std::uint64_t first = static_cast<std::uint64_t>(purpose) << 32 | static_cast<std::uint64_t>(index);
    return Random(seed, first, static_cast<std::uint64_t>(count));
}

} // namespace banyan
