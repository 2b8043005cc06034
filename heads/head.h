#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "anchors/anchors.h"
#include "graph/builder.h"

namespace banyan {

enum class TowerKind { separable, conv };

inline constexpr int kMostBoxBins = 64;

/// Dense head of a branch: a tower of 3x3 layers over each level, then one class and one box convolution. These two are
/// 1x1: the tower has seen the surroundings already, and 3x3 outputs would cost more than a separable tower itself.
struct HeadOptions {
    TowerKind tower = TowerKind::separable; ///< depthwise + pointwise, or full 3x3 convolutions
    int depth = 2;                          ///< layers of a tower [0, 8]
    std::int64_t width = 96;                ///< channels of the tower [8, 1024], a multiple of 8
    bool split_towers = false;              ///< one tower for classes and one for boxes instead of a shared one
    Activation activation = Activation::relu;
    double prior = 0.01; ///< start value of every class probability (0, 0.5], "Focal Loss" 3.3
    /// 0: a box output is one number a side. 2 to 64 (points only): it is that many logits a side, see box_bins.h.
    int box_bins = 0;
    NormOptions norm{}; ///< of the towers; all branches have the model's
    bool operator==(const HeadOptions&) const = default;
};

/// Names of the graph outputs of one branch at one level: "<branch>.cls.p3", "<branch>.box.p3".
std::string class_output_name(const std::string& branch, int level);
std::string box_output_name(const std::string& branch, int level);

/// What a head must produce.
struct HeadShape {
    std::string branch;        ///< nodes and parameters are named "branches.<branch>.…"
    std::int64_t classes = 1;  ///< K of all the branch's tasks
    std::int64_t per_cell = 1; ///< A
    double box_code = 0;       ///< start value of all box codes, see start_box_code; with bins their expectation
};

/// Channels of one anchor's box output: 4, or 4 * bins (channel side * bins + bin).
std::int64_t box_channels(const HeadOptions& options);

/// Box code with which decoded start boxes have the size of the anchors: 0 for boxes, half a side in strides for points
/// (where a code of 0 would be a box without an area and hence without a gradient of its IoU).
double start_box_code(const AnchorOptions& anchors);

/// Appends the head to the values of its levels and declares the outputs: class logits [N, A*K, H, W] (channel a*K + k)
/// and box codes [N, A*C, H, W] (channel a*C + i, C = box_channels). Convolutions are shared over the levels, batch
/// norms are not; box codes have one learned scale a level. Parameters: "branches.<branch>.tower.<i>.…" (split:
/// "cls_tower", "box_tower"), "branches.<branch>.cls", "….box" and "….box_scale.p<level>".
/// @throws CheckError options out of range, no level; ShapeError levels of different channel counts
void build_head(GraphBuilder& builder, const std::map<int, ValueId>& levels, const HeadShape& shape,
                const HeadOptions& options);

} // namespace banyan
