#pragma once

#include <ATen/core/Tensor.h>

#include "model/multi_task_model.h"
#include "network/branch_boxes.h"

namespace banyan {

/// One pass through the trunk and all branches that the model holds, without autograd, norms on running statistics.
/// @param pixels uint8 [N, H, W, 3] RGB; H and W multiples of the highest stride are best
Predictions predict(MultiTaskModel& model, const at::Tensor& pixels, const PredictOptions& options);

} // namespace banyan
