#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "anchors/anchors.h"
#include "graph/builder.h"

namespace banyan {

enum class TowerKind { separable, conv };

/// Who finds what at a cell of a branch with several tasks.
enum class BoxOutputs {
    shared,  ///< the anchors serve all tasks: one box output each, so that an anchor finds one object of one task
    per_task ///< each task has all the anchors to itself, with class and box outputs of its own behind one tower:
             ///< nested parts (head, torso, person) with near centres do not compete for an anchor
};

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
    BoxOutputs boxes = BoxOutputs::shared; ///< no difference with one task
    NormOptions norm{};                    ///< of the towers; all branches have the model's
    bool operator==(const HeadOptions&) const = default;
};

/// Names of the graph outputs of one branch at one level: "<branch>.cls.p3", "<branch>.box.p3". With outputs per task:
/// those of each task, "<branch>.<task>.cls.p3", see branches_of_head (model/model_options.h).
std::string class_output_name(const std::string& branch, int level);
std::string box_output_name(const std::string& branch, int level);

/// Class and box outputs of a head, of A anchors a cell: of all its tasks, or of one.
struct HeadOutputs {
    std::string name;         ///< of the graph outputs and the parameters: "<branch>", or "<branch>.<task>"
    std::int64_t classes = 1; ///< K of its tasks
};

/// What a head must produce.
struct HeadShape {
    std::string branch;               ///< the tower's nodes and parameters are named "branches.<branch>.…"
    std::vector<HeadOutputs> outputs; ///< at least one
    std::int64_t per_cell = 1;        ///< A
    double box_code = 0;              ///< start value of all box codes, see start_box_code; with bins their expectation
};

/// Channels of one anchor's box output: 4, or 4 * bins (channel side * bins + bin).
std::int64_t box_channels(const HeadOptions& options);

/// Box code with which decoded start boxes have the size of the anchors: 0 for boxes, half a side in strides for points
/// (where a code of 0 would be a box without an area and hence without a gradient of its IoU).
double start_box_code(const AnchorOptions& anchors);

/// Appends the head to the values of its levels: the tower once, and behind it for each of the outputs class logits
/// [N, A*K, H, W] (channel a*K + k) and box codes [N, A*C, H, W] (channel a*C + i, C = box_channels). Convolutions are
/// shared over the levels, batch norms are not; box codes have one learned scale a level. Parameters:
/// "branches.<branch>.tower.<i>.…" (split: "cls_tower", "box_tower"), "branches.<outputs>.cls", "….box" and
/// "….box_scale.p<level>". So the outputs of a task have the tensors that a branch of this task alone has: copying
/// the tower and the outputs splits and merges branches, and what is idle has no gradient at all.
/// @throws CheckError options out of range, no level; ShapeError levels of different channel counts
void build_head(GraphBuilder& builder, const std::map<int, ValueId>& levels, const HeadShape& shape,
                const HeadOptions& options);

} // namespace banyan
