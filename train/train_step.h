#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/sample.h"
#include "model/multi_task_model.h"
#include "train/branch_loss.h"
#include "train/branch_step.h"
#include "train/teacher.h"
#include "train/train_options.h"

namespace banyan {

/// How the module of a network that is trained is made.
GraphModuleOptions module_options(const TrainOptions& options);

/// What a branch was judged by, once its matcher has seen the predictions.
struct JudgedTargets {
    BranchTargets targets;
    LossConstants constants;
};

/// Losses of a step by branch name; branches that had nothing to learn are not in it.
struct StepLosses {
    /// Scalar with gradient, the sum of `terms` and `hints`; undefined when no branch had anything to learn.
    at::Tensor total;
    std::map<std::string, BranchStep> branches;
    std::vector<std::string> present; ///< branch names, in the model's order
    std::vector<std::string> heads;   ///< Branch::head of the present branches, each once
    /// BranchTargets::active of the present branches, or with teachers: any of that and their TeacherLoss::active
    std::map<std::string, std::vector<bool>> active;
    std::vector<at::Tensor> terms;               ///< losses of the present branches
    at::Tensor hints;                            ///< what teachers hint to the trunk (train/hints.h); may be undefined
    at::Tensor rows;                             ///< int64 [n] rows of the batch that entered the network, rising
    std::vector<std::int64_t> row_sets;          ///< with TrunkNorm::dataset the data set of each of `rows`; else empty
    std::map<std::string, JudgedTargets> judged; ///< of the branches that learned from labels
};

/// Forward pass and masked losses of a batch (ARCHITECTURE.md, "Masked training"): the trunk on all rows in which any
/// branch has something to learn, each branch only on its own rows. Branches of one head share its tower: it runs once,
/// on the rows of all of them. A frozen trunk (trunk_lr_scale 0) runs without autograd on its running statistics:
/// nothing of it changes.
/// @throws NonFiniteError (train/non_finite.h) a branch's loss is not finite: names branch, tensor and rows' files. The
///                      running statistics of norms have moved by then
class TrainStep {
public:
    /// @param teachers must outlive it; branches then also learn what they say (train/teacher_loss.h), the sum of all
    TrainStep(MultiTaskModel& model, const TrainOptions& options, Teachers* teachers = nullptr);

    StepLosses forward(const Batch& batch);
    /// The losses of a batch by what it was judged by before: matches, qualities and weights that follow from
    /// predictions stay those of `before`. At other parameters this is the function that the gradient of `before`
    /// belongs to; forward(batch) there is another one.
    StepLosses forward(const Batch& batch, const std::map<std::string, JudgedTargets>& before);
    /// The same for images already normalised, [N, 3, H, W]. @param datasets [N] only TrunkNorm::dataset needs it
    StepLosses forward(const at::Tensor& images, const std::vector<Labels>& labels,
                       const std::vector<std::string>& files = {}, const std::vector<int>& datasets = {});

private:
    StepLosses forward(StepLosses losses, const at::Tensor& images, const std::vector<Labels>& labels,
                       const std::vector<std::string>& files, const std::vector<int>& datasets);
    /// What one branch is to learn from a batch.
    struct Lesson {
        BranchTargets targets;              ///< from the labels
        std::vector<OpenTerms> open;        ///< [teacher] on which it can speak
        std::vector<TeacherTargets> taught; ///< [teacher] what it says, once it was asked
        std::vector<FlatOutputs> crossed;   ///< [teacher] what its head makes of the branch's values; may be undefined
        at::Tensor rows;                    ///< int64, rising: rows of all
        bool empty() const { return rows.size(0) == 0; }
    };
    std::vector<Lesson> lessons_of(const std::vector<Labels>& labels, int height, int width);
    /// @param losses its `rows` tell which row of the batch each image is, `judged` what is judged as before
    StepLosses forward_rows(StepLosses losses, const at::Tensor& images, std::vector<Lesson> lessons,
                            const std::vector<std::string>& files);
    /// @return StepLosses::hints
    at::Tensor ask_teachers(const at::Tensor& images, const std::map<ValueId, at::Tensor>& features,
                            std::vector<Lesson>& lessons);
    /// Adds the losses of a branch. @param outputs for the lesson's rows; match where a matcher needs predictions
    void add_losses(std::size_t branch, const AnchorSet& anchors, const FlatOutputs& outputs, Lesson lesson,
                    StepLosses& losses) const;
    std::size_t teacher_count() const { return teachers_ ? teachers_->size() : 0; }
    const AnchorSet& anchors_of(std::size_t branch, int height, int width);
    std::vector<BranchTargets> targets_of(const std::vector<Labels>& labels, int height, int width);
    std::map<ValueId, at::Tensor> run_trunk(const at::Tensor& images, const std::vector<Lesson>& lessons,
                                            const std::vector<std::int64_t>& row_sets);
    /// Outputs of all branches, each on its own rows; none where there is nothing to learn.
    /// @param lessons get `crossed`
    std::vector<BranchOutputs> run_branches(const std::map<ValueId, at::Tensor>& features, std::vector<Lesson>& lessons,
                                            std::int64_t batch_rows);
    /// The same of the branches `of_head` (indices) of one head.
    void run_head(const std::vector<std::size_t>& of_head, const std::map<ValueId, at::Tensor>& features,
                  std::vector<Lesson>& lessons, std::int64_t batch_rows, std::vector<BranchOutputs>& outputs);
    /// Lesson::crossed of a branch. @param rows of which there are `values`
    std::vector<FlatOutputs> cross_heads(std::size_t branch, const Lesson& lesson, const at::Tensor& rows,
                                         const std::map<ValueId, at::Tensor>& values);

    MultiTaskModel& model_;
    TrainOptions options_;
    Teachers* teachers_;
    bool bf16_;
    std::vector<std::string> frozen_norms_;
    std::map<std::pair<int, int>, std::vector<AnchorSet>> anchors_; // by height and width
};

} // namespace banyan
