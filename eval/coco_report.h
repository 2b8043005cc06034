#pragma once

#include <string>

#include "eval/coco_metrics.h"

namespace banyan {

/// One line of JSON, every number with the digits that give the same double back:
///
///     {"stats": [12 numbers in pycocotools' order],
///      "per_class": {name: {the 12 by the names of kCocoStatNames, the tallies of CocoCounts}},
///      "notes": {"unknown_category_detections", "zero_id_annotations"},
///      "seconds": {"load", "match", "accumulate"}}
std::string coco_report_json(const CocoResult& result);

/// Table for people: the 12 means, then one row a class, values in percent, "-" where there is no ground truth; below
/// it remarks on what was not judged.
std::string coco_report_table(const CocoResult& result);

} // namespace banyan
