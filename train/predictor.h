#pragma once

#include "eval/evaluate.h"
#include "model/multi_task_model.h"
#include "train/train_options.h"

namespace banyan {

/// `model`, which must outlive the predictor, with its own detection options but for the threshold.
Predictor make_predictor(MultiTaskModel& model, double score_threshold, Precision precision);

} // namespace banyan
