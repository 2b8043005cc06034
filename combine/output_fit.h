#pragma once

#include <cstdint>
#include <vector>

#include "combine/branch_calibration.h"
#include "combine/output_rows.h"
#include "combine/tower_fit.h"

namespace banyan {

/// What outputs read, at the calibration's cells, a level, [n, W].
struct OutputFeatures {
    std::vector<at::Tensor> classes, boxes; ///< the same where they share a tower
};

/// One task whose outputs are to be given on other features.
struct OutputJob {
    OutputRows rows;         ///< on the source's features
    OutputFeatures features; ///< the source's
    const TaskWeights* weights = nullptr;
    std::int64_t anchors = 1; ///< A
};

/// Readings of a job in its source's towers. @param classes, boxes which of them
std::vector<TowerReading> readings_of(const OutputJob& job, std::size_t source, bool classes, bool boxes);

/// Class rows, or box rows, on merged features with the least weighted squared error.
/// @return share of the scatter that is lost
double fit_class_rows(const OutputJob& job, const std::vector<at::Tensor>& merged, double ridge, OutputRows& rows);
double fit_box_rows(const OutputJob& job, const std::vector<at::Tensor>& merged, double ridge, OutputRows& rows);
/// One set of box rows for all tasks: each asks for its own boxes where it scores.
double fit_shared_box_rows(const std::vector<OutputJob>& jobs, const std::vector<at::Tensor>& merged, double ridge,
                           OutputRows& rows);

} // namespace banyan
