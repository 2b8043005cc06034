#pragma once

#include <string>
#include <vector>

#include "anchors/anchors.h"
#include "data/dataset.h"
#include "network/model_options.h"

namespace banyan {

/// Sizes of all boxes of a branch's classes as the letterboxed network input shows them, in pixels.
std::vector<AnchorSize> branch_shapes(const BranchOptions& branch, const ModelOptions& model,
                                      const std::vector<Dataset>& datasets);

/// Text for people: how well the branch's anchors cover the shapes, the same for as many fitted ones, and their "sizes"
/// as JSON for the config. Says so where there are too few boxes to fit.
std::string anchor_report(const BranchOptions& branch, const std::vector<AnchorSize>& shapes);

} // namespace banyan
