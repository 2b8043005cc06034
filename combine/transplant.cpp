#include "combine/transplant.h"

#include <algorithm>
#include <utility>

#include "combine/branch_fit.h"
#include "combine/head_copy.h"
#include "combine/merge_sources.h"
#include "core/check.h"
#include "core/error.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

std::vector<std::string> names_of(const std::vector<BranchOptions>& heads) {
    std::vector<std::string> names;
    for (const BranchOptions& head : heads) names.push_back(head.name);
    return names;
}

BranchFit branch_fit(MultiTaskModel& source, MultiTaskModel& merged, const BranchSources& branch,
                     const at::Tensor& calibration, const TransplantOptions& options) {
    if (calibration.size(0) > 0) return BranchFit(source, merged, branch, calibration, options);
    throw UsageError(ErrorText{"branch \"" + branch.target.name + "\"", "its sources differ and must be fitted",
                               "calibration pictures", "none", "give data sets with pictures"});
}

void copy_towers(MultiTaskModel& source, MultiTaskModel& merged, const BranchSources& branch) {
    const std::vector<std::string> from = tower_names(branch.heads.front()), to = tower_names(branch.target);
    for (std::size_t i = 0; i < from.size(); ++i) {
        copy_tensors(source.module(), from[i] + ".", merged.module(), to[i] + ".");
    }
}

BranchTransplant make_branch(MultiTaskModel& source, MultiTaskModel& merged, const BranchSources& branch,
                             const at::Tensor& calibration, const TransplantOptions& options) {
    const BranchOptions& target = branch.target;
    if (branch.kept) {
        const std::string prefix = "branches." + target.name + ".";
        copy_tensors(source.module(), prefix, merged.module(), prefix);
        return {"", {}, "kept", {}, 0};
    }
    const bool resized = target.head.depth > 0 && target.head.width != branch.heads.front().head.width;
    if (resized || !have_equal_towers(source.module(), branch.heads)) {
        return branch_fit(source, merged, branch, calibration, options).fit();
    }
    copy_towers(source, merged, branch);
    std::vector<OutputRows> rows;
    const std::vector<AnchorMap> maps = anchor_maps(branch);
    for (std::size_t t = 0; t < maps.size(); ++t) {
        rows.push_back(source_rows(source.module(), branch.tasks[t], maps[t]));
    }
    if (target.head.boxes == BoxOutputs::shared && !have_equal_boxes(rows)) {
        return branch_fit(source, merged, branch, calibration, options).fit_outputs_only();
    }
    write_outputs(merged, target, rows);
    return {"", {}, "copied", {}, 0};
}

} // namespace

Transplant merge_branches(MultiTaskModel& source, const MergePlan& plan, const at::Tensor& calibration,
                          const TransplantOptions& options) {
    BANYAN_CHECK(calibration.dim() == 4, "transplant: expected pictures [N, H, W, 3], found ", calibration.sizes());
    BANYAN_CHECK(options.background > 0, "transplant: expected a weight of the background > 0");
    const torch::NoGradGuard no_grad;
    const std::vector<BranchSources> branches = plan_branches(source, plan, {options.boxes, options.width});
    Transplant result{MultiTaskModel(options_with(source.options(), branches), source.module().options()), {}};
    copy_trunk(source.module(), result.model.module());
    for (const BranchSources& branch : branches) {
        BranchTransplant& made =
            result.branches.emplace_back(make_branch(source, result.model, branch, calibration, options));
        made.branch = branch.target.name;
        made.sources = names_of(branch.heads);
    }
    return result;
}

MergePlan split_plan(const ModelOptions& options, const std::string& branch) {
    const auto is_asked = [&](const BranchOptions& entry) { return branch.empty() || entry.name == branch; };
    if (std::none_of(options.branches.begin(), options.branches.end(), is_asked)) {
        throw UsageError(
            ErrorText{"--branch", "no such branch", "one of " + plan_text(plan_of(options)), "\"" + branch + "\"", ""});
    }
    MergePlan plan;
    bool changes = false;
    for (const BranchOptions& entry : options.branches) {
        if (!is_asked(entry)) {
            plan.groups.push_back(entry.tasks);
            continue;
        }
        changes = changes || entry.tasks.size() > 1;
        for (const std::string& task : entry.tasks) plan.groups.push_back({task});
    }
    if (!changes) {
        throw UsageError(ErrorText{branch.empty() ? "--model" : "--branch " + branch, "there is nothing to split",
                                   "a branch with several tasks", plan_text(plan_of(options)), ""});
    }
    return checked_plan(std::move(plan), options.tasks, "--model");
}

TowerMethod tower_method(const std::string& name) {
    for (const TowerMethod method : {TowerMethod::automatic, TowerMethod::average, TowerMethod::concatenate}) {
        if (name == name_of(method)) return method;
    }
    throw UsageError(ErrorText{"--method", "unknown method", "auto, average or concatenate", "\"" + name + "\"", ""});
}

std::string name_of(TowerMethod method) {
    switch (method) {
    case TowerMethod::automatic: return "auto";
    case TowerMethod::average: return "average";
    case TowerMethod::concatenate: break;
    }
    return "concatenate";
}

} // namespace banyan
