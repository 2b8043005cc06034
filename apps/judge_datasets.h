#pragma once

#include <string>
#include <vector>

#include "eval/evaluate.h"

namespace banyan {

/// evaluate_datasets with a progress line. @param side of the predictor's input @param title of the line
/// @throws Stopped a signal asked to stop, and what evaluate_datasets throws
EvalReport judge_datasets(const Predictor& predictor, int side, const std::vector<Dataset>& datasets,
                          const ClassTable& classes, const std::string& title, CocoProblem* problem = nullptr);

} // namespace banyan
