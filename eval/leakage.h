#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "core/task.h"
#include "data/dataset.h"
#include "eval/coco_problem.h"

namespace banyan {

/// Scores at and above which detections are counted.
inline constexpr std::array<double, 5> kLeakageScores = {0.1, 0.3, 0.5, 0.7, 0.9};

/// [score], falling.
using LeakageCounts = std::array<std::size_t, kLeakageScores.size()>;

/// What one task found in the images of one data set. An image whose label states differ between the task's classes is
/// counted under each of the first two headings with the classes concerned.
struct LeakageCell {
    // Labelled: what is found there is true, false or ignored, at IoU 0.5.
    std::size_t labelled_images = 0;
    std::size_t objects = 0;
    LeakageCounts found{};
    LeakageCounts true_found{};
    LeakageCounts false_found{};
    // Not labelled: what is found there is leakage, or objects that nobody labelled.
    std::size_t unlabelled_images = 0;
    LeakageCounts leaked{};
    // Labelled images that are known to hold no object of the task (absent, or exhaustive without a box and without an
    // ignore region): all that is found there is false.
    std::size_t empty_images = 0;
    LeakageCounts false_in_empty{};
};

/// Who finds what where: every task on every data set, also where the task is not labelled.
struct LeakageMatrix {
    std::vector<std::string> datasets;
    std::vector<std::string> tasks;
    std::vector<std::vector<LeakageCell>> cells; ///< [data set][task]
};

/// @param problem  ground_truth_of these data sets and classes, with detections
LeakageMatrix leakage_matrix(const CocoProblem& problem, const std::vector<Dataset>& datasets, const ClassTable& table);

} // namespace banyan
