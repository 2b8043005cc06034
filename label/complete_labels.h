#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/nms.h"
#include "data/dataset.h"
#include "label/score_thresholds.h"

namespace banyan {

/// Who completes a class, and from which scores on.
struct ClassTeacher {
    std::size_t teacher = 0; ///< index into the teachers
    ScoreThresholds thresholds;
};

/// What a teacher adds to the labels of a picture.
struct PseudoLabel {
    Box box; ///< in pixels of the picture
    int class_id = 0;
    double score = 0;
    std::size_t teacher = 0;
    bool is_ignore = false; ///< an ignore region of the class instead of a box
};

/// The labels of a picture with what teachers add.
struct CompletedLabels {
    std::vector<PseudoLabel> added;
    std::vector<LabelState> states; ///< [class id]; exhaustive where a teacher has completed the class
};

/// A teacher speaks where a class is unknown, and nowhere else. There
///   score >= high         becomes a box
///   low <= score < high   becomes an ignore region of the class
///   below                 nothing
/// and the class becomes exhaustive. Left out is what overlaps a box that the picture already has of the class by an
/// IoU of 0.5 or more, and what lies by half or more in an ignore region of the class or of every class.
/// @param found    [teacher] boxes of any classes, in pixels of the picture
/// @param teachers [class id]; nothing: nobody completes the class
CompletedLabels complete_labels(const Labels& labels, const std::vector<std::vector<ScoredBox>>& found,
                                const std::vector<std::optional<ClassTeacher>>& teachers);

} // namespace banyan
