#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "combine/anchor_union.h"
#include "combine/merge_sources.h"
#include "combine/tower_rows.h"

namespace banyan {

/// How much cells matter to a task: those where its source finds something count, the background a little.
struct TaskWeights {
    std::vector<at::Tensor> cells; ///< a level, [n]: best score of the cell + the background's weight
    /// A level, [n, A]: square of the score of each united anchor. Boxes count where a detection may come from, and
    /// what of many background cells with a low score would add up to that of a few objects is next to nothing in
    /// squares.
    std::vector<at::Tensor> anchors;
};

/// What a branch's sources see in the calibration pictures.
struct BranchCalibration {
    CalibrationFeatures features;
    std::vector<TaskWeights> tasks; ///< of BranchSources::tasks
};

struct CalibrationOptions {
    double background = 0.01;
    std::int64_t cells = 20000; ///< of a level
};

/// @param maps of the tasks' anchors @param pictures uint8 [N, H, W, 3], N >= 1
BranchCalibration calibrate(MultiTaskModel& source, const BranchSources& branch, const std::vector<AnchorMap>& maps,
                            const at::Tensor& pictures, const CalibrationOptions& options);

} // namespace banyan
