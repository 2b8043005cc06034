#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/task.h"
#include "label/completed_files.h"
#include "label/teacher_options.h"

namespace banyan {

/// A teacher judged in a class that it completes.
struct TeacherJudgement {
    std::size_t teacher = 0; ///< index into the teachers
    int class_id = 0;
    JudgedClass judged; ///< on the data sets that label the class; no objects where none does
    ScoreThresholds thresholds;
    bool is_by_hand = false;
};

/// One class in one data set.
struct LabelledClass {
    std::size_t dataset = 0; ///< index into the completed data sets
    int class_id = 0;
    std::size_t completed = 0;          ///< pictures that a teacher has completed
    std::size_t boxes = 0, ignored = 0; ///< added
    JudgedClass judged;                 ///< what the class's teacher finds where the set itself labels the class
};

/// All that `banyan distill label` tells.
struct LabelOutcome {
    const ClassTable& table;
    const std::vector<LabelTeacherOptions>& teachers;
    std::vector<TeacherJudgement> judgements; ///< by class id
    std::vector<CompletedDataset> datasets;
    std::vector<LabelledClass> classes; ///< data set by data set, of classes with a teacher
    double beta_high = 0.5, beta_low = 2;
    double iou = 0.5; ///< by which detections were matched with labels
};

std::string label_outcome_json(const LabelOutcome& outcome);
std::string label_outcome_table(const LabelOutcome& outcome);

} // namespace banyan
