#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "combine/task_affinity.h"
#include "core/task.h"
#include "eval/coco_problem.h"
#include "network/model_options.h"

namespace banyan {

struct DetectionAffinityOptions {
    double score = 0.3;          ///< detections are looked at from this score on; not for AP, which needs all
    double inside = 0.8;         ///< share of a box that must lie in another to be inside it (0, 1]
    std::size_t resamples = 200; ///< of the images, for the error of the AP lost
    std::uint64_t seed = 1;
    DetectionOptions detection; ///< of the network: how pooled detections are suppressed and how many are kept
};

/// What one evaluation tells of each pair of tasks: kContainment, kCooccurrence and kPoolingDrop.
///
/// Containment and co-occurrence are counted over all images, whatever they label: what the network sees there counts.
/// Their errors take images for independent. AP lost by pooling: the detections of two tasks together are suppressed as
/// boxes of one class and cut to max_detections an image, as if one branch could not tell them apart, and AP (IoU 0.5
/// to 0.95, mean over the task's classes) of those left is compared with AP before, on the images that label the task;
/// its error is half of a 68 % interval of a paired bootstrap. On the diagonal stands what a task loses when its own
/// classes suppress each other. A task without ground truth has no drop, one without detections no shares.
/// @param problem ground truth and all detections of a network (eval/evaluate.h): categories are the class ids
std::vector<AffinityMatrix> detection_affinities(const CocoProblem& problem, const ClassTable& table,
                                                 const DetectionAffinityOptions& options);

} // namespace banyan
