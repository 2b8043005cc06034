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
#include "train/train_options.h"

namespace banyan {

/// Figures of one branch in one step.
struct BranchStep {
    double class_loss = 0;
    double box_loss = 0;
    std::int64_t rows = 0;
    std::int64_t positives = 0;
};

/// Losses of a step by branch name; branches that had nothing to learn are not in it.
struct StepLosses {
    at::Tensor total; ///< scalar with gradient; undefined when no branch had anything to learn
    std::map<std::string, BranchStep> branches;
    std::vector<std::string> present; ///< branch names, in the model's order
};

/// Forward pass and masked losses of a batch (ARCHITECTURE.md, "Masked training"): the trunk on all rows in which any
/// branch has something to learn, each branch only on its own rows.
/// @throws NumericError a branch's loss is not finite: names branch, rows' files and the terms
class TrainStep {
public:
    TrainStep(MultiTaskModel& model, const TrainOptions& options);

    StepLosses forward(const Batch& batch);
    /// The same for images already normalised, [N, 3, H, W].
    StepLosses forward(const at::Tensor& images, const std::vector<Labels>& labels,
                       const std::vector<std::string>& files = {});

private:
    StepLosses forward_rows(const at::Tensor& images, const std::vector<BranchTargets>& targets,
                            const std::vector<std::string>& files);
    const AnchorSet& anchors_of(std::size_t branch, int height, int width);
    std::vector<BranchTargets> targets_of(const std::vector<Labels>& labels, int height, int width);
    std::map<ValueId, at::Tensor> run_trunk(const at::Tensor& images, const std::vector<BranchTargets>& targets);
    BranchOutputs run_branch(const Branch& branch, const std::map<ValueId, at::Tensor>& features,
                             const at::Tensor& rows, std::int64_t batch_rows);

    MultiTaskModel& model_;
    TrainOptions options_;
    bool bf16_;
    std::vector<std::string> frozen_norms_;
    std::map<std::pair<int, int>, std::vector<AnchorSet>> anchors_; // by height and width
};

/// Parameters and statistics that the step may have changed, once `losses` have been propagated back: parameters with a
/// gradient, and running statistics of the norms that used batch statistics.
std::vector<std::string> touched_tensors(const GraphModule& module, const StepLosses& losses);

} // namespace banyan
