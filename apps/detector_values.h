#pragma once

#include "apps/run_commands.h"
#include "eval/evaluate.h"
#include "infer/detector.h"

namespace banyan {

/// What the options say of a detector: tasks, side, threads, fp32 and, where a command has them, device, without,
/// score-threshold, nms-iou and max-detections. @throws UsageError
DetectorOptions detector_values(const Options& options);

/// What the detector, which must outlive it, finds in letterboxed pictures; for judging.
Predictor predictor_of(Detector& detector);

/// How pictures are shared out.
struct StreamValues {
    std::size_t count = 1; ///< pictures worked on at a time
    int threads = 0;       ///< of each stream's kernels
};

/// As many streams as --streams asks for, or one a core, or one with --threads, but no more than pictures. The cores
/// are divided among them, unless --threads says otherwise: with a thread each none waits for another. @throws
/// UsageError
StreamValues stream_values(const Options& options, std::size_t pictures);

} // namespace banyan
