#pragma once

#include <string>
#include <vector>

#include "core/task.h"
#include "data/dataset.h"
#include "eval/evaluate.h"
#include "eval/leakage.h"
#include "eval/missing_labels.h"

namespace banyan {

/// What `banyan eval --model` found out; what was not asked for is null.
struct EvalFindings {
    const EvalReport& report;
    const LeakageMatrix* leakage = nullptr;
    const MissingLabels* missing = nullptr;
    const std::vector<Dataset>& datasets;
    const ClassTable& classes;
};

/// One line, as docs/cli.md describes it.
std::string findings_json(const EvalFindings& findings);
/// Tables for people.
std::string findings_table(const EvalFindings& findings);

} // namespace banyan
