#pragma once

#include <string>
#include <vector>

#include "eval/evaluate.h"
#include "report/html_report.h"
#include "train/pictures.h"

namespace banyan {

/// Sections that the report of a run and that of the demo share.

/// Loss curves by branch, AP50 by task and throughput, from a run folder's logs; the plots also go to plots/*.svg.
/// @throws IoError, DataError
void add_curve_section(HtmlReport& report, const std::string& run_folder);
void add_picture_section(HtmlReport& report, const std::string& text, const std::vector<DetectionPicture>& pictures);

/// <run folder>/report.html of a finished training. @throws IoError
void write_run_report(const std::string& run_folder, const EvalReport& result,
                      const std::vector<DetectionPicture>& pictures);

} // namespace banyan
