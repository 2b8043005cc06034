#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/task.h"
#include "data/dataset.h"
#include "eval/evaluate.h"
#include "image/image.h"

namespace banyan {

/// A picture of a data set with the detections drawn into it.
struct DetectionPicture {
    std::string name; ///< "<data set>/<file>"
    Image image;
};

struct PictureOptions {
    std::size_t count = 12;       ///< spread evenly over all pictures
    int side = 320;               ///< network input
    double score_threshold = 0.3; ///< of the boxes drawn
    int longest_side_px = 480;    ///< pictures are resized to this, so that labels can be read
};

/// @throws DataError, IoError
std::vector<DetectionPicture> draw_detections(const Predictor& predictor, const std::vector<Dataset>& datasets,
                                              const ClassTable& table, const PictureOptions& options);

/// Boxes with labels "face 0.93" in the classes' colours. Boxes in pixels of `image`.
void draw_detections(Image& image, const std::vector<ScoredBox>& boxes, const ClassTable& table);

} // namespace banyan
