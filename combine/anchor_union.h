#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "anchors/anchors.h"

namespace banyan {

/// Anchors that serve all the sources' tasks. Alike: themselves. Boxes: as many a cell as the source with most has, the
/// centres of k-means over all the sources' sizes, level by level (anchors/anchor_fit.h). Points: with the geometric
/// mean of their sizes, which only matchers look at.
/// @param sources of one kind and on the same levels
AnchorOptions united_anchors(const std::vector<AnchorOptions>& sources);

/// How a source's box outputs are told from the united anchors.
struct AnchorMap {
    std::vector<std::int64_t> source; ///< of each united anchor of a cell: the source's anchor whose outputs it takes
    /// Of each united anchor: source width (height) / its own, the geometric mean over the levels. Where the ratio and
    /// the box scale are the same on all levels the decoded boxes are those of the source but for rounding and the box
    /// coder's limits.
    std::vector<double> width_ratio, height_ratio;
    bool is_identity() const;
};

/// Each source anchor gets the united anchor nearest in shape, no two the same (those left take their own nearest).
AnchorMap map_anchors(const AnchorOptions& source, const AnchorOptions& united);

} // namespace banyan
