#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "eval/coco_problem.h"

namespace banyan {

/// One of the sides that are compared: the detections of a network, or of several that differ by their seed only.
struct BootstrapSide {
    std::string name;
    std::vector<std::vector<CocoDetection>> seeds; ///< at least one; indices as in the ground truth's problem
};

struct BootstrapOptions {
    std::size_t resamples = 2000; ///< at least 1
    std::uint64_t seed = 1;
    double confidence = 0.95; ///< of the intervals, in (0, 1)
    /// Draws the seeds of each side with replacement too, so that the intervals also hold what another training would
    /// give. Of few seeds the drawn spread is too small by (n - 1) / n.
    bool resample_seeds = false;
};

/// A number on all images, and the percentile interval of its resamples; all -1 without ground truth.
struct BootstrapEstimate {
    double estimate = -1;
    double low = -1;
    double high = -1;
};

/// First side minus another, resample by resample. 0 throughout without ground truth.
struct BootstrapDifference {
    double estimate = 0;
    double low = 0;
    double high = 0;
    double share_above_zero = 0; ///< of the resamples that hold an object
};

struct BootstrapMetric {
    std::vector<BootstrapEstimate> sides;         ///< [side]
    std::vector<BootstrapDifference> differences; ///< [side - 1]: side 0 minus it
};

/// A class, a task (mean over its classes) or the mean over the tasks.
struct BootstrapRow {
    std::string name;
    BootstrapMetric ap;
    BootstrapMetric ap50;
};

struct BootstrapResult {
    std::vector<std::string> sides;
    std::vector<BootstrapRow> classes;
    std::vector<BootstrapRow> tasks; ///< in the order of their first class
    BootstrapRow mean;
    std::size_t images = 0;
};

/// How sure AP and AP50 are, and the differences between detectors, given that the images are a sample: a paired
/// bootstrap (B. Efron, "Bootstrap methods: another look at the jackknife", 1979). A resample draws as many images as
/// there are, with replacement, the same ones for all sides; AP is computed anew from all that they hold, classes
/// without an object in a resample are left out of its means. A side's value is the mean over its seeds. Detections
/// are matched once (eval/resampled_precision.h).
/// @param ground_truth  its detections are not looked at
/// @throws CheckError, DataError as evaluate_coco; CheckError no side, a side without seeds, an option out of range
BootstrapResult paired_bootstrap(const CocoProblem& ground_truth, const std::vector<BootstrapSide>& sides,
                                 const BootstrapOptions& options = {});

} // namespace banyan
