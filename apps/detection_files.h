#pragma once

#include <string>
#include <vector>

#include "core/task.h"
#include "infer/detector.h"

namespace banyan {

/// What was found in one picture.
struct PictureResult {
    std::string file;
    int width = 0; ///< pixels, turned as the picture's EXIF orientation says
    int height = 0;
    std::vector<Detection> detections; ///< by falling score
};

/// {"images": [{"file", "width", "height", "detections": [{"task", "class", "score", "box_xyxy": [x0, y0, x1, y1]}]}]},
/// one picture a line. Bytes of a file name that are not UTF-8 become U+FFFD.
std::string detections_json(const std::vector<PictureResult>& results);

/// COCO results: [{"image_id", "category_id", "bbox": [x, y, width, height], "score"}], one a line. Picture i has the
/// id 1 + i, a class the id 1 + its class id.
std::string coco_results_json(const std::vector<PictureResult>& results);

/// What the ids of coco_results_json mean, in the form of a COCO file without annotations:
/// {"images": [{"id", "file_name", "width", "height"}], "annotations": [], "categories": [{"id", "name",
/// "supercategory"}]}; the supercategory is the task.
std::string coco_mapping_json(const std::vector<PictureResult>& results, const ClassTable& classes);

} // namespace banyan
