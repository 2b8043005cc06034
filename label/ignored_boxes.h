#pragma once

#include <algorithm>

#include "core/polygon.h"
#include "data/sample.h"

namespace banyan {

/// Whether a share of `least` or more of the box lies in one ignore region of the class, or of every class.
inline bool is_ignored(const Box& box, const Labels& labels, int class_id, float least) {
    return std::any_of(labels.ignore.begin(), labels.ignore.end(), [&](const IgnoreRegion& region) {
        const bool concerns = region.class_id == class_id || region.class_id < 0;
        return concerns && covered_share(box, region.area) >= least;
    });
}

} // namespace banyan
