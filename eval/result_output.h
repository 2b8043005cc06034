#pragma once

#include <string>

#include "eval/evaluate.h"
#include "report/html_report.h"

namespace banyan {

/// {"tasks": {"face": {"ap", "ap50", "ap75", "ar100", "images", "classes": {…}}}, "mean": {…}} (docs/cli.md)
std::string eval_json(const EvalReport& report);
/// Table for people.
std::string eval_table(const EvalReport& report);
/// Headline AP50 of each task and the whole table.
void add_result_section(HtmlReport& report, const EvalReport& result);

} // namespace banyan
