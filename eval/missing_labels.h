#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/box.h"
#include "core/task.h"
#include "data/dataset.h"
#include "eval/coco_problem.h"
#include "image/image.h"

namespace banyan {

/// A detection that may be an object without a label.
struct MissingLabel {
    std::size_t dataset = 0; ///< index into the data sets
    std::size_t record = 0;  ///< index into that data set
    int class_id = 0;
    Box box; ///< in pixels of the picture
    double score = 0;
    LabelState state = LabelState::unknown; ///< what the labels say of the class there
};

/// By falling score.
struct MissingLabels {
    /// Contradict the labels: found where every object is said to be labelled (exhaustive, absent), but no box of the
    /// class is near. Either the label is missing or the detection is false.
    std::vector<MissingLabel> likely;
    /// Contradict nothing: found where the class is not labelled or only in part.
    std::vector<MissingLabel> addable;
};

struct MissingLabelOptions {
    std::size_t count = 50; ///< longest list, of each kind
    double lowest_score = 0.1;
    /// A detection that overlaps a labelled box of its class by more (IoU) is that object, found badly or twice.
    float nearest_iou = 0.3F;
};

/// @param problem  ground_truth_of these data sets, with detections
MissingLabels find_missing_labels(const CocoProblem& problem, const std::vector<Dataset>& datasets,
                                  const MissingLabelOptions& options);

/// The detection with its surroundings, `side` pixels square, in a thick outline with class and score; objects of the
/// class that are labelled there have thin outlines of another colour. @throws DataError, IoError
Image draw_missing_label(const MissingLabel& missing, const std::vector<Dataset>& datasets, const ClassTable& table,
                         int side);

} // namespace banyan
