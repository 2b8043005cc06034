#pragma once

#include "eval/coco_problem.h"

namespace banyan {

/// Detections of `problem` in the numbers of another ground truth: images are found by file name, categories by name.
struct RenumberedDetections {
    CocoProblem problem;           ///< images and categories of the other one, and the detections
    std::size_t other_classes = 0; ///< detections left out, of categories that it lacks
};

/// So that the detections of networks with other tasks or fewer data sets can be judged by one file.
/// @param name  of the other ground truth, for messages
/// @throws DataError  an image of `problem` that `like` lacks, two images of one name
RenumberedDetections renumber_detections(const CocoProblem& problem, const CocoProblem& like, const std::string& name);

} // namespace banyan
