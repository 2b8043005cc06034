#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "anchors/anchors.h"
#include "data/sample.h"
#include "model/multi_task_model.h"

namespace banyan {

/// Class terms of a branch that ground truth leaves open: nobody knows whether an object of the class is there, so that
/// somebody who can tell may do so. A term (row, anchor, class) is open where the class is not covered (rule 2 a or b
/// of BranchTargets, train/targets.h, does not hold) and less than kIgnoredShare of the anchor lies in ignore regions
/// of the class. Open terms and judged background exclude each other; a positive of a partial class may lie on an open
/// term.
struct OpenTerms {
    at::Tensor rows; ///< int64 [n] rows of the batch that have an open term, rising
    at::Tensor open; ///< float32 [n, R, K], 1 or 0
};

/// @param labels one entry a batch row, in pixels of the network input, which has the size that `anchors` were made for
/// @param known float32 [R, K]: terms that are 0 there are not asked for
OpenTerms find_open_terms(const Branch& branch, const AnchorSet& anchors, const std::vector<Labels>& labels,
                          const at::Tensor& known);

} // namespace banyan
