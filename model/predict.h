#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "core/nms.h"
#include "model/multi_task_model.h"

namespace banyan {

/// Boxes of each image in pixels of the network input, by falling score; class_id is the global class id.
using Predictions = std::vector<std::vector<ScoredBox>>; // [N]

struct PredictOptions {
    double score_threshold = 0.05;
    double nms_iou = 0.6;
    int max_detections = 100; ///< per image and branch
    bool bf16 = false;        ///< autocast to bfloat16
    double box_voting = 0;    ///< DetectionOptions::box_voting
};
PredictOptions predict_options(const DetectionOptions& detection);

/// One pass through the trunk and all branches that the model holds, without autograd, norms on running statistics.
/// @param pixels uint8 [N, H, W, 3] RGB; H and W multiples of the highest stride are best
Predictions predict(MultiTaskModel& model, const at::Tensor& pixels, const PredictOptions& options);

} // namespace banyan
