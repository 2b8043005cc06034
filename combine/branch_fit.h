#pragma once

#include <memory>
#include <string>
#include <vector>

#include "combine/branch_calibration.h"
#include "combine/merge_sources.h"
#include "combine/output_fit.h"
#include "combine/tower_fit.h"
#include "combine/transplant.h"

namespace banyan {

/// Fits the towers and outputs of one branch whose sources have different towers, or whose tasks are to share box
/// outputs that they did not share.
class BranchFit {
public:
    /// All must outlive it. @param pictures uint8 [N, H, W, 3], N >= 1
    BranchFit(MultiTaskModel& source, MultiTaskModel& merged, const BranchSources& branch, const at::Tensor& pictures,
              const TransplantOptions& options);

    /// Towers and outputs by the method asked for, or by the better one. @throws UsageError it does not fit the towers
    BranchTransplant fit();
    /// Outputs on towers that the merged branch has already, the same as its sources have: class outputs are copied,
    /// the box outputs that the tasks share are fitted.
    BranchTransplant fit_outputs_only();

private:
    void make_jobs();
    void make_towers();
    std::vector<TowerMethod> methods() const;
    BranchTransplant attempt(TowerMethod method);
    void set_features();
    double fit_outputs(const OutputFeatures& merged);

    MultiTaskModel& source_;
    MultiTaskModel& merged_;
    const BranchSources& branch_;
    const TransplantOptions& options_;
    BranchCalibration calibration_;
    std::vector<OutputJob> jobs_;      ///< of the tasks
    std::vector<std::size_t> head_of_; ///< of the tasks: place in BranchSources::heads
    std::vector<TowerJob> towers_;     ///< one, or classes' and boxes'
    std::vector<std::unique_ptr<TowerFit>> fits_;
};

/// Maps of the tasks' anchors onto the branch's.
std::vector<AnchorMap> anchor_maps(const BranchSources& branch);
/// Writes the outputs of all tasks, joined where they share box outputs. @param boxes their shared box rows
void write_outputs(MultiTaskModel& merged, const BranchOptions& target, const std::vector<OutputRows>& tasks);

} // namespace banyan
