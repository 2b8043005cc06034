#pragma once

#include <cstddef>
#include <vector>

#include "anchors/anchors.h"
#include "core/nms.h"

namespace banyan {

/// Raw outputs of one level of one image, channels innermost.
struct RawLevel {
    const float* classes = nullptr; ///< logits [H, W, A*K]
    const float* boxes = nullptr;   ///< codes [H, W, A*4], or with box bins logits [H, W, A*4*bins]
};

struct DecodeOptions {
    float score_threshold = 0.05F; ///< [0, 1); detections score more than this
    std::size_t candidates = 1000; ///< [1, …) best so many of a level enter NMS
    NmsOptions nms;
    std::size_t box_bins = 0; ///< HeadOptions::box_bins
    float box_voting = 0;     ///< 0: none; (0, 1]: IoU from which dropped boxes move kept ones (box_voting.h)
};

/// Boxes of one image in pixels of the network input, clipped to it, by falling score; class_id counts in the branch's
/// K classes. Non-finite logits or codes are no detections, nor is what clipping leaves without an area. Ties: the
/// lower level, cell, anchor, class first.
/// @param levels one entry per anchors.levels, of the same sizes
/// @throws CheckError options out of range, another number of levels, a missing tensor
std::vector<ScoredBox> decode(const AnchorSet& anchors, const std::vector<RawLevel>& levels, std::size_t classes,
                              const DecodeOptions& options);

} // namespace banyan
