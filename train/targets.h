#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "anchors/anchors.h"
#include "data/sample.h"
#include "model/multi_task_model.h"

namespace banyan {

/// What one branch is to learn from the rows of a batch in which it has anything to learn. Made from the labels alone,
/// before any forward pass: a row or branch that is not in it costs nothing and changes nothing.
///
/// A class term (row, anchor, class) is valid where it can be judged:
///   class unknown in the image             -> never
///   class partial                          -> only where the anchor is matched to a box of that class
///   class exhaustive or absent             -> unless the anchor lies in an ignore region of the class, or between the
///                                             matcher's thresholds; positives always
/// Anchors, row by row, are matched against the branch's boxes of all its classes.
struct BranchTargets {
    at::Tensor rows;     ///< int64 [n] indices into the batch; n may be 0
    at::Tensor valid;    ///< float32 [n, R, K], 1 or 0
    at::Tensor positive; ///< int64 [3, P]: row in [0, n), anchor in [0, R), class in [0, K)
    at::Tensor boxes;    ///< float32 [P, 4] truth corners in pixels of the network input
    at::Tensor anchors;  ///< float32 [P, 4]
    at::Tensor strides;  ///< float32 [P]

    bool empty() const { return rows.size(0) == 0; }
    std::int64_t positives() const { return boxes.size(0); }
};

/// @param labels one entry a batch row, in pixels of the network input; n of them have a valid term
BranchTargets build_targets(const Branch& branch, const AnchorSet& anchors, const std::vector<Labels>& labels);

/// Share of an anchor that must lie in an ignore region for its class term to be dropped.
inline constexpr float kIgnoredShare = 0.5F;

} // namespace banyan
