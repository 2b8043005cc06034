#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

#include "model/multi_task_model.h"
#include "model/predict.h"
#include "train/train_options.h"

namespace banyan {

/// uint8 [N, side, side, 3] -> boxes in those pixels (model/predict.h).
using Predictor = std::function<Predictions(const at::Tensor&)>;

/// `model`, which must outlive the predictor, with its own detection options but for the threshold.
Predictor make_predictor(MultiTaskModel& model, double score_threshold, Precision precision);

} // namespace banyan
