#pragma once

#include <string>
#include <vector>

#include "eval/coco_problem.h"

namespace banyan {

/// The detections of an evaluation as COCO results, one a line.
std::string coco_predictions_json(const CocoProblem& problem);

/// Its ground truth as a COCO file that judges the same: each image's "neg_category_ids" lists the categories that it
/// judges without having a box of them, "not_exhaustive_category_ids" those labelled in part; all others are unknown
/// there. Beside COCO's keys a category has "task", and a crowd that is no box "ignore_polygon": [x0, y0, x1, y1, …].
std::string coco_ground_truth_json(const CocoProblem& problem);

} // namespace banyan
