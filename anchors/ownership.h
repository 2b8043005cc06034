#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "anchors/matcher.h"

namespace banyan {

/// Which truth box holds which anchor while a matcher works, and how many each box holds. Internal to the matchers.
class Ownership {
public:
    Ownership(std::size_t anchors, std::size_t truth) : matches(anchors, kUnmatched), held_(truth, 0) {}

    void give(std::size_t anchor, std::int32_t truth) {
        if (matches[anchor] >= 0) --held_[static_cast<std::size_t>(matches[anchor])];
        matches[anchor] = truth;
        ++held_[static_cast<std::size_t>(truth)];
    }
    bool is_free(std::size_t anchor) const { return matches[anchor] < 0; }
    /// Taking the anchor away leaves nobody without one.
    bool can_spare(std::size_t anchor) const {
        return is_free(anchor) || held_[static_cast<std::size_t>(matches[anchor])] > 1;
    }
    bool has_none(std::size_t truth) const { return held_[truth] == 0; }

    Matches matches;

private:
    std::vector<std::int32_t> held_;
};

/// Boxes without an area, or not finite, take no part in matching.
inline bool can_match(const Box& box) {
    const float area = box.area();
    return area > 0 && std::isfinite(area);
}

} // namespace banyan
