#pragma once

#include "data/data_folder.h"
#include "data/data_problems.h"
#include "data/dataset.h"
#include "data/source_labels.h"

namespace banyan {

/// COCO and LVIS json: "images", "annotations", "categories"; boxes [x, y, width, height] in pixels. Crowd boxes become
/// ignore boxes. Of LVIS, "neg_category_ids" (verified absent) and "not_exhaustive_category_ids" (partial) of each
/// image are read; where the first is there, nothing is known of categories that the image neither annotates nor lists.
/// Read as a stream: memory grows with the boxes, not with the segmentations. Faults of the contents are added to
/// `problems`. @throws IoError
SourceLabels read_coco(const DatasetOptions& options, DataFolder& folder, DataProblems& problems);

/// YOLO text: class names in data.yaml (or one a line in a .txt or .names file); the labels of "a/images/b.jpg" in
/// "a/labels/b.txt", of a path without a folder "images" beside the picture; lines "class x_centre y_centre width
/// height", numbers as fractions. A picture without a label file has no objects (the format's convention; counted in
/// the warnings), but a data set without any label file is refused. @throws IoError
SourceLabels read_yolo(const DatasetOptions& options, DataFolder& folder, DataProblems& problems);

/// Pascal VOC: one xml a picture, named by <filename>. Corners are taken as continuous pixel coordinates, as labelling
/// tools write them (not as the 1-based pixel indices of the original challenge). Difficult objects become ignore
/// boxes. The source classes are the names that occur. @throws IoError
SourceLabels read_voc(const DatasetOptions& options, DataFolder& folder, DataProblems& problems);

} // namespace banyan
