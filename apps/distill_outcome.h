#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "eval/evaluate.h"
#include "eval/missing_labels.h"
#include "eval/paired_bootstrap.h"

namespace banyan {

/// A teacher judged on the validation sets that label what it teaches.
struct JudgedTeacher {
    std::string model;
    ClassTable classes;                 ///< of its own
    std::vector<TaskResult> tasks;      ///< those that it teaches and the sets judge
    std::vector<std::string> unjudged;  ///< the other ones that it teaches
    std::vector<Dataset> datasets;      ///< as it sees them
    std::vector<MissingLabel> mistakes; ///< its surest detections that the labels contradict
};

/// All that `banyan distill` tells.
struct DistillOutcome {
    std::vector<JudgedTeacher> teachers;
    EvalReport student;
    std::optional<BootstrapResult> gain; ///< student against the network without teachers, where one was given
    BootstrapOptions bootstrap;
    std::string plain; ///< that network's file
};

std::string distill_outcome_json(const DistillOutcome& outcome);
std::string distill_outcome_table(const DistillOutcome& outcome);
/// HTML page. @throws DataError, IoError the pictures
std::string distill_page(const DistillOutcome& outcome);

} // namespace banyan
