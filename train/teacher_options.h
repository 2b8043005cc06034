#pragma once

#include <string>
#include <vector>

#include "train/hint_options.h"

namespace banyan {

/// A trained network that tells the one in training what nobody labelled, and what features it sees (train/teacher.h).
/// The weights are those of the terms of train/teacher_loss.h.
struct TeacherOptions {
    std::string model;              ///< model file
    std::vector<std::string> tasks; ///< that it teaches; empty: all of the network
    double weight = 1.0;            ///< of what it says to branches, against their own losses [0, 1000]; 0: nothing
    double box_weight = 2.0;        ///< its boxes against its classes [0, 100]
    double temperature = 4.0;       ///< of class and box logits [0.1, 100]
    double focus = 1.0;             ///< power of the surer score by which a class term counts [0, 5]
    double minimum_score = 0.3;     ///< its boxes are learned from this score on [0, 1]
    double refine_weight = 0.5;     ///< of terms that ground truth rules, against those that it leaves open [0, 100]
    /// The network learns through the teacher's head instead of its own (train/cross_head.h).
    bool cross = false;
    std::vector<HintOptions> hints{};
    bool operator==(const TeacherOptions&) const = default;
};

} // namespace banyan
