#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/box.h"
#include "core/random.h"

namespace banyan::test {

/// `count` boxes with positive sides inside [0, width] x [0, height]; the same seed gives the same boxes.
inline std::vector<Box> random_boxes(std::size_t count, std::uint64_t seed, float width = 640, float height = 480) {
    Random random(seed);
    const auto interval = [&random](float limit, float& low, float& high) {
        do {
            low = static_cast<float>(random.uniform(0, static_cast<double>(limit)));
            high = static_cast<float>(random.uniform(0, static_cast<double>(limit)));
            if (low > high) std::swap(low, high);
        } while (low == high);
    };
    std::vector<Box> boxes(count);
    for (Box& box : boxes) {
        interval(width, box.x0, box.x1);
        interval(height, box.y0, box.y1);
    }
    return boxes;
}

} // namespace banyan::test

namespace banyan {
using test::random_boxes;
} // namespace banyan
