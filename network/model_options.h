#pragma once

#include <string>
#include <vector>

#include "anchors/anchors.h"
#include "anchors/matcher.h"
#include "backbone/backbone.h"
#include "backbone/neck.h"
#include "core/nms.h"
#include "core/task.h"
#include "heads/head.h"
#include "heads/loss_options.h"

namespace banyan {

/// Anchors and head that serve one or more tasks.
struct BranchOptions {
    std::string name;
    std::vector<std::string> tasks; ///< K classes of the head = classes of these tasks, in this order
    AnchorOptions anchors;
    HeadOptions head;
    MatcherOptions matcher;
    LossOptions loss;
    NmsKind nms = NmsKind::greedy; ///< by the model's DetectionOptions::nms_iou
};

/// Global class ids of the branch's tasks, in the order of its K class channels.
std::vector<int> classes_of(const BranchOptions& branch, const ClassTable& table);

/// What a head is run, trained and told apart as: the branch itself, or with BoxOutputs::per_task and several tasks one
/// branch for each of them, "<branch>.<task>", with the options of the whole. They share the tower and nothing else.
std::vector<BranchOptions> branches_of_head(const BranchOptions& head);

/// Whether a name can be part of a parameter's: no dots, slashes and spaces, not empty.
bool is_plain_name(const std::string& name);

/// Boxes that detection keeps by default.
struct DetectionOptions {
    double score_threshold = 0.3; ///< [0, 1); evaluation looks at lower scores as well
    double nms_iou = 0.6;         ///< (0, 1]
    int max_detections = 100;     ///< per image and branch [1, 10000]
    double box_voting = 0;        ///< 0: none; (0, 1]: IoU from which dropped boxes move kept ones
    bool operator==(const DetectionOptions&) const = default;
};

/// One network: trunk and branches. The single source of defaults.
struct ModelOptions {
    std::vector<Task> tasks;
    int input_side = 320; ///< network input in pixels, square; a multiple of 32 in [64, 4096]
    BackboneOptions backbone;
    NeckOptions neck;
    NormOptions norm; ///< of the neck and the heads; backbones have batch norms, as their pretrained weights
    Preprocessing preprocessing;
    std::vector<BranchOptions> branches; ///< every task in exactly one
    DetectionOptions detection;
};

/// Everything that no single section can see. @throws ConfigError naming all problems at once:
/// a task in no branch or in two, an unknown task, repeated branch names, anchor levels the neck does not make,
/// box bins without points or that do not reach the anchors' sides, norm_groups that do not divide the channels,
/// outputs per task of a task whose name cannot be part of a parameter's
/// @param where file or section for the message
void validate(const ModelOptions& options, const std::string& where);

} // namespace banyan
