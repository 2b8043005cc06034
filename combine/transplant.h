#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "combine/merge_plan.h"
#include "combine/tower_fit.h"
#include "heads/head.h"
#include "model/multi_task_model.h"

namespace banyan {

struct TransplantOptions {
    TowerMethod method = TowerMethod::automatic;
    BoxOutputs boxes = BoxOutputs::per_task; ///< of merged branches
    std::int64_t width = 0;                  ///< of merged towers; 0: of the widest source
    double background = 0.01;                ///< what a cell weighs beside the source's best score there, > 0
    std::int64_t cells = 20000;              ///< of a level that are looked at, at most
    LayerFitOptions layer;
};

/// What became of one branch.
struct BranchTransplant {
    std::string branch;
    std::vector<std::string> sources; ///< heads of the network it was made from
    std::string method;               ///< "kept", "copied" (no rounding in either), "average" or "concatenate"
    std::vector<double> layer_errors; ///< of fitted towers: share of the layers' scatter that is lost
    double output_error = 0;          ///< the same of class logits and box outputs, mean over tasks
};

struct Transplant {
    MultiTaskModel model;
    std::vector<BranchTransplant> branches; ///< in the new network's order
};

/// The network that follows the plan, made from a network with the same tasks without training. The trunk is copied bit
/// for bit, and so is every branch that the plan leaves alone. A task that leaves a branch takes the tower with it, bit
/// for bit: this is how branches are split. Towers that are equal in every bit merge into that tower, and outputs stay
/// as they were (class logits of shared outputs to the last rounding: one wider convolution makes them). Other towers
/// are fitted (combine/tower_fit.h), and output layers on them by least squares on what the sources' give.
/// @param calibration uint8 [N, H, W, 3] pictures as the network sees them; N may be 0 when nothing is fitted
/// @throws UsageError as plan_branches; a fit without pictures; `average` of towers of several widths
Transplant merge_branches(MultiTaskModel& source, const MergePlan& plan, const at::Tensor& calibration,
                          const TransplantOptions& options = {});

/// The plan that gives every task of a branch one of its own. @param branch "" for all branches that serve several
/// @throws UsageError no such branch, or none with several tasks
MergePlan split_plan(const ModelOptions& options, const std::string& branch);

/// "automatic", … as options are written: "auto", "average", "concatenate". @throws UsageError
TowerMethod tower_method(const std::string& name);
std::string name_of(TowerMethod method);

} // namespace banyan
