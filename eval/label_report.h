#pragma once

#include <vector>

#include "core/task.h"
#include "data/dataset.h"
#include "eval/leakage.h"
#include "eval/missing_labels.h"
#include "report/html_report.h"

namespace banyan {

/// Parts of reports about what data sets do not label.

/// A gallery of boxes with their surroundings, `side` pixels square, each with data set, label state where it is not
/// the usual one, and picture. @throws DataError, IoError
void add_box_gallery(HtmlReport& report, const std::vector<MissingLabel>& boxes, const std::vector<Dataset>& datasets,
                     const ClassTable& table, int side);

/// Heat maps of detections per image for every task and data set, false detections where nothing is, and the normal
/// rates where the task is labelled.
void add_leakage_section(HtmlReport& report, const LeakageMatrix& matrix);

/// A gallery for each kind of missing labels, the surest first. @throws DataError, IoError
void add_missing_label_sections(HtmlReport& report, const MissingLabels& missing, const std::vector<Dataset>& datasets,
                                const ClassTable& table);

} // namespace banyan
