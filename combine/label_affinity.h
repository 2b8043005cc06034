#pragma once

#include <cstdint>
#include <vector>

#include "combine/task_affinity.h"
#include "core/task.h"
#include "data/dataset.h"

namespace banyan {

struct LabelAffinityOptions {
    int side = 320;              ///< network input in pixels, into which pictures are letterboxed
    std::size_t resamples = 100; ///< of the pictures, for the errors; >= 2
    std::uint64_t seed = 1;
};

/// What the labelled boxes tell of two tasks, without any network: kScaleOverlap, kAspectOverlap and kAnchorIou.
///
/// The first two are sums over the bins of min(p, q), p and q the shares of the two tasks' boxes: bins of one octave of
/// area relative to the letterboxed input's, and of half an octave of height / width. Anchors are five sizes fitted to
/// each task's boxes (anchors/anchor_fit.h; fewer where a task has fewer distinct boxes): the mean IoU of each with the
/// other task's best, weighted by the boxes that it is best for, over both directions. The diagonals are what a task is
/// to itself, 1. Errors: bootstrap over the pictures; for anchors, spread over fits to half of the pictures each, which
/// is at least as wide. count: boxes of the task with fewer. A task without a box has no values.
std::vector<AffinityMatrix> label_affinities(const std::vector<Dataset>& datasets, const ClassTable& table,
                                             const LabelAffinityOptions& options);

} // namespace banyan
