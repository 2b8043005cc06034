#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "anchors/anchors.h"

namespace banyan {

/// What k-means found, and how well anchors cover the boxes of a data set (shape only: both centred at one point).
struct AnchorFit {
    std::vector<std::vector<AnchorSize>> sizes; ///< for AnchorOptions::sizes: ascending area over the levels
    double mean_iou = 0;                        ///< mean over boxes of the IoU with the best size
    double recall_50 = 0;                       ///< share of boxes with IoU >= 0.5
    double recall_70 = 0;
    std::vector<std::vector<double>> shares; ///< like sizes: share of boxes whose best size it is
};

struct AnchorFitOptions {
    std::vector<int> levels{3, 4, 5, 6};
    int per_level = 1; ///< [1, 16]
    std::uint64_t seed = 0;
    int restarts = 8; ///< [1, 1000] best of so many k-means++ starts
};

/// k-means over box shapes with distance 1 - IoU ("YOLO9000", arXiv:1612.08242, section 2), medians as centres.
/// @param shapes sizes of all boxes in pixels of the network input
/// @throws CheckError fewer distinct shapes than anchors asked for, or a non-positive size
AnchorFit fit_anchors(const std::vector<AnchorSize>& shapes, const AnchorFitOptions& options);

/// The same report for given anchors (sizes, or scales x aspects), in their order.
/// @throws CheckError no shape, a non-positive size, or options that validate_anchors refuses
AnchorFit rate_anchors(const std::vector<AnchorSize>& shapes, const AnchorOptions& anchors);

/// Table for people: size per level, share of boxes nearest to it, mean IoU, recall.
std::string describe(const AnchorFit& fit, const std::vector<int>& levels);

} // namespace banyan
