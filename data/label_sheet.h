#pragma once

#include <string>
#include <vector>

#include "core/task.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "data/sample.h"
#include "image/image.h"

namespace banyan {

/// One row of a training batch, to be looked at.
struct LabelPicture {
    std::string caption; ///< "data set: file"
    Image image;         ///< as the network gets it
    Labels labels;       ///< in its pixels
};

/// `count` rows of the loader's next batches, spread over the rows of each batch, so that every data set has its turn.
/// @throws DataError, IoError
std::vector<LabelPicture> take_label_pictures(BatchLoader& loader, const std::vector<Dataset>& datasets, int count);

/// What a row tells to each task, side by side: one panel a task with the boxes of its classes. Where a task is not
/// judged the picture is dark and grey; where only its boxes are learned, or where it is verified absent, it is
/// tinted; ignore regions are hatched. Where a task's classes differ, the one of which least is known is shown. The
/// line above a panel tells the states and their shares of the area.
Image draw_label_panels(const LabelPicture& picture, const ClassTable& table, int panel_side);

/// The panels of all rows below each other under a legend. Rows of few tasks stand side by side.
Image draw_label_sheet(const std::vector<LabelPicture>& pictures, const ClassTable& table, int panel_side);

} // namespace banyan
