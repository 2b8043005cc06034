#include "network/branch_boxes.h"

namespace banyan {

PredictOptions predict_options(const DetectionOptions& detection) {
    PredictOptions options;
    options.score_threshold = detection.score_threshold;
    options.nms_iou = detection.nms_iou;
    options.max_detections = detection.max_detections;
    options.box_voting = detection.box_voting;
    return options;
}

std::vector<ScoredBox> branch_boxes(const Branch& branch, const AnchorSet& anchors, const std::vector<RawLevel>& levels,
                                    const PredictOptions& options) {
    DecodeOptions decode_options;
    decode_options.score_threshold = static_cast<float>(options.score_threshold);
    decode_options.box_bins = static_cast<std::size_t>(branch.options.head.box_bins);
    decode_options.box_voting = static_cast<float>(options.box_voting);
    decode_options.nms.iou_threshold = static_cast<float>(options.nms_iou);
    decode_options.nms.max_detections = static_cast<std::size_t>(options.max_detections);
    decode_options.nms.kind = branch.options.nms;
    decode_options.nms.soft_lowest_score = static_cast<float>(options.score_threshold);
    std::vector<ScoredBox> boxes = decode(anchors, levels, branch.class_count(), decode_options);
    for (ScoredBox& box : boxes) box.class_id = branch.classes[static_cast<std::size_t>(box.class_id)];
    return boxes;
}

} // namespace banyan
