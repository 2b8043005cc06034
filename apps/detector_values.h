#pragma once

#include "apps/run_commands.h"
#include "eval/evaluate.h"
#include "infer/detector.h"

namespace banyan {

/// What the options say of a detector: tasks, side, threads, fp32 and, where a command has them, without,
/// score-threshold, nms-iou and max-detections. @throws UsageError
DetectorOptions detector_values(const Options& options);

/// What the detector, which must outlive it, finds in letterboxed pictures; for judging.
Predictor predictor_of(Detector& detector);

} // namespace banyan
