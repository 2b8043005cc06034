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
#include "train/channel_counts.h"
#include "train/train_options.h"

namespace banyan {

/// How the module of a network that is trained is made.
GraphModuleOptions module_options(const TrainOptions& options);

/// Losses of a step by branch name; branches that had nothing to learn are not in it.
struct StepLosses {
    at::Tensor total; ///< scalar with gradient; undefined when no branch had anything to learn
    std::map<std::string, BranchStep> branches;
    std::vector<std::string> present;                ///< branch names, in the model's order
    std::vector<std::string> heads;                  ///< Branch::head of the present branches, each once
    std::map<std::string, std::vector<bool>> active; ///< BranchTargets::active of the present branches
    std::vector<at::Tensor> terms;                   ///< losses of the present branches, of which `total` is the sum
    at::Tensor rows;                                 ///< int64 [n] rows of the batch that entered the network, rising
    std::vector<std::int64_t> row_sets; ///< with TrunkNorm::dataset the data set of each of `rows`; else empty
};

/// Forward pass and masked losses of a batch (ARCHITECTURE.md, "Masked training"): the trunk on all rows in which any
/// branch has something to learn, each branch only on its own rows. Branches of one head share its tower: it runs once,
/// on the rows of all of them.
/// @throws NonFiniteError (train/non_finite.h) a branch's loss is not finite: names branch, tensor and rows' files. The
///                      running statistics of norms have moved by then
class TrainStep {
public:
    TrainStep(MultiTaskModel& model, const TrainOptions& options);

    StepLosses forward(const Batch& batch);
    /// The same for images already normalised, [N, 3, H, W]. @param datasets [N] only TrunkNorm::dataset needs it
    StepLosses forward(const at::Tensor& images, const std::vector<Labels>& labels,
                       const std::vector<std::string>& files = {}, const std::vector<int>& datasets = {});

private:
    /// @param losses  its `rows` tell which row of the batch each image is
    /// @param targets are completed with the matches of matchers that need predictions
    StepLosses forward_rows(StepLosses losses, const at::Tensor& images, std::vector<BranchTargets>& targets,
                            const std::vector<std::string>& files);
    const AnchorSet& anchors_of(std::size_t branch, int height, int width);
    std::vector<BranchTargets> targets_of(const std::vector<Labels>& labels, int height, int width);
    std::map<ValueId, at::Tensor> run_trunk(const at::Tensor& images, const std::vector<BranchTargets>& targets,
                                            const std::vector<std::int64_t>& row_sets);
    /// Outputs of all branches, each on its own rows; none where there is nothing to learn.
    std::vector<BranchOutputs> run_branches(const std::map<ValueId, at::Tensor>& features,
                                            const std::vector<BranchTargets>& targets, std::int64_t batch_rows);
    /// The same of the branches `of_head` (indices) of one head.
    void run_head(const std::vector<std::size_t>& of_head, const std::map<ValueId, at::Tensor>& features,
                  const std::vector<BranchTargets>& targets, std::int64_t batch_rows,
                  std::vector<BranchOutputs>& outputs);

    MultiTaskModel& model_;
    TrainOptions options_;
    bool bf16_;
    std::vector<std::string> frozen_norms_;
    std::map<std::pair<int, int>, std::vector<AnchorSet>> anchors_; // by height and width
};

/// Parameters and statistics that the step may have changed, once `losses` have been propagated back: parameters with a
/// gradient, and running statistics of the norms that used batch statistics.
std::vector<std::string> touched_tensors(const GraphModule& module, const StepLosses& losses);

/// The channels of class convolutions that had something to learn, where not all had: channel a*K + k is class k's.
ActiveChannels active_channels(const MultiTaskModel& model, const StepLosses& losses);

} // namespace banyan
