#pragma once

#include <vector>

#include "core/task.h"
#include "data/dataset.h"
#include "eval/leakage.h"
#include "eval/missing_labels.h"
#include "report/html_report.h"

namespace banyan {

/// Sections of an evaluation's report about what the data sets do not label.

/// Heat maps of detections per image for every task and data set, false detections where nothing is, and the normal
/// rates where the task is labelled.
void add_leakage_section(HtmlReport& report, const LeakageMatrix& matrix);

/// A gallery for each kind of missing labels, the surest first. @throws DataError, IoError
void add_missing_label_sections(HtmlReport& report, const MissingLabels& missing, const std::vector<Dataset>& datasets,
                                const ClassTable& table);

} // namespace banyan
