#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "eval/coco_problem.h"
#include "train/train_config.h"

namespace banyan {

/// The validation sets of a run, by which networks of its tasks are judged.
class ValidationJudge {
public:
    /// @param where  the config, for messages. @throws UsageError no validation set
    ValidationJudge(const RunConfig& config, const std::string& where);

    /// @throws DataError no object in the validation sets
    void check_objects() const;
    /// Tasks that the sets cannot judge.
    std::vector<std::string> tasks_without_objects() const;

    const std::vector<Dataset>& datasets() const { return datasets_; }
    const ClassTable& classes() const { return classes_; }
    const CocoProblem& truth() const { return truth_; } ///< without detections

    /// What a network finds in the validation pictures: read from `results`, a COCO file, which is made first where it
    /// is not there. So what comes out is the same to the bit whether a run was stopped or not. Nothing when a signal
    /// stopped it. @throws UsageError the network has other tasks
    std::optional<std::vector<CocoDetection>> detections(const std::string& model, const std::string& results);
    /// Detections of a COCO file of these pictures. @throws IoError, DataError
    std::vector<CocoDetection> read(const std::string& results);

private:
    std::string where_;
    ClassTable classes_;
    Precision precision_;
    std::vector<Dataset> datasets_;
    CocoProblem truth_;
};

} // namespace banyan
