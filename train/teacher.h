#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/sample.h"
#include "model/multi_task_model.h"
#include "train/branch_loss.h"
#include "train/cross_head.h"
#include "train/hints.h"
#include "train/open_terms.h"
#include "train/teacher_link.h"
#include "train/teacher_options.h"

namespace banyan {

/// What a teacher says to one branch of a network.
struct TeacherTargets {
    at::Tensor rows;   ///< int64 [m] of the images that it saw, rising
    at::Tensor open;   ///< float32 [m, R, K] terms that ground truth leaves open and that it knows (train/open_terms.h)
    at::Tensor known;  ///< float32 [R, K] 1 where it has an anchor and a class, else 0
    at::Tensor logits; ///< [m, R, K] its class logits, 0 where it knows nothing
    // Its boxes, Q in number: where it scores minimum_score or more.
    at::Tensor picks;   ///< int64 [3, Q]: row in [0, m), anchor in [0, R), class in [0, K)
    at::Tensor boxes;   ///< [Q, 4] corners in pixels of the network input
    at::Tensor bins;    ///< [Q, 4, B] logits of the sides where both have B box bins, else undefined
    at::Tensor anchors; ///< [Q, 4] of the network's branch
    at::Tensor strides; ///< [Q]

    bool empty() const { return !rows.defined() || rows.size(0) == 0; }
};

/// All that a teacher says of a batch.
struct TeacherSpeech {
    std::vector<TeacherTargets> branches; ///< [branch of the network]
    at::Tensor hints;                     ///< scalar with gradient: sum of its hints' losses; undefined without hints
};

struct TeacherSetting {
    bool bf16 = false;
    /// The network's trunk never changes. Where the teacher has the same one, to the bit, it runs once for both.
    bool frozen_trunk = false;
    std::string name = "0"; ///< of its adaptors (train/hints.h); no two teachers of a network have one
};

/// A trained network that tells another one, picture by picture, what it finds where nobody has labelled anything: the
/// second source of targets beside train/targets.h. Its branches may serve the tasks in another grouping than the
/// network's; terms are matched by task, class, level, cell and prior box (train/teacher_link.h). Values of its trunk
/// may be hints to the network's (train/hints.h). It sees the same augmented pictures, runs without gradient on its
/// running statistics, and never changes.
class Teacher {
public:
    /// @param network must outlive it and hold the weights that it starts with; gets the adaptors of the hints
    /// @throws IoError, ModelFileError its file; ConfigError it does not fit the network (link_teacher,
    ///         link_cross_heads, make_hints)
    Teacher(TeacherOptions options, MultiTaskModel& network, const TeacherSetting& setting);

    const TeacherOptions& options() const { return options_; }
    /// Values of the network that speak() needs: those of its hints, and of a trunk that both share.
    const std::vector<ValueId>& trunk_values() const { return trunk_values_; }

    /// The terms of each branch on which it can speak. @param labels of a batch of pictures of height x width pixels
    std::vector<OpenTerms> open_terms(const std::vector<Labels>& labels, int height, int width);

    /// @param images [N, 3, H, W] normalised @param values at least trunk_values(), for the same rows
    /// @param open rows count in `images`
    /// @throws NumericError an output or a value of a hint is not finite: names the file and the branch or the value
    TeacherSpeech speak(const at::Tensor& images, const std::map<ValueId, at::Tensor>& values,
                        std::vector<OpenTerms> open);

    /// Values of a branch that cross() needs; none unless options().cross.
    const std::vector<ValueId>& cross_values(std::size_t branch) const { return cross_heads_[branch].values; }
    /// What its head makes of the network's values, with gradient. @param values [m, C, H, W] those of cross_values()
    FlatOutputs cross(std::size_t branch, const std::vector<at::Tensor>& values);

private:
    /// Anchors for one input size.
    struct Geometry {
        std::vector<AnchorSet> own;                                          ///< [branch of the network]
        std::vector<at::Tensor> known;                                       ///< [branch] float32 [R, K]
        std::vector<std::vector<at::Tensor>> links;                          ///< [branch][link] int64 [R]
        std::vector<std::pair<at::Tensor, at::Tensor>> boxes, teacher_boxes; ///< [branch] corners [R, 4], strides [R]
    };
    const Geometry& geometry(int height, int width);
    void share_trunk();
    /// Its values that hints need and, if asked, the outputs of the branches that speak.
    std::map<ValueId, at::Tensor> run(const at::Tensor& images, const std::map<ValueId, at::Tensor>& values,
                                      bool with_branches);
    std::map<std::size_t, FlatOutputs> outputs_of(const std::map<ValueId, at::Tensor>& results) const;
    TeacherTargets targets_of(std::size_t branch, const Geometry& geometry,
                              const std::map<std::size_t, FlatOutputs>& outputs, OpenTerms open);
    void add_boxes(std::size_t branch, const Geometry& geometry, const std::map<std::size_t, FlatOutputs>& outputs,
                   TeacherTargets& targets);
    bool has_equal_bins(std::size_t branch) const;

    TeacherOptions options_;
    const MultiTaskModel& network_;
    TeacherSetting setting_;
    MultiTaskModel model_;
    std::vector<std::vector<TaskLink>> links_; ///< [branch of the network]; empty where it says nothing
    std::vector<CrossHead> cross_heads_;       ///< [branch of the network]
    std::vector<Hint> hints_;
    std::vector<std::size_t> used_;                      ///< branches of the teacher that speak, rising
    std::vector<ValueId> trunk_values_;                  ///< of the network
    std::map<ValueId, ValueId> shared_;                  ///< value of the teacher's trunk: of the network's
    std::map<std::pair<int, int>, Geometry> geometries_; ///< by height and width
};

using Teachers = std::vector<Teacher>;

} // namespace banyan
