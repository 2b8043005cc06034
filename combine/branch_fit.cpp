#include "combine/branch_fit.h"

#include <algorithm>

#include "combine/head_copy.h"
#include "core/error.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

std::map<std::string, at::Tensor> tensors_of(const GraphModule& module, const std::string& head) {
    const std::string prefix = "branches." + head + ".";
    std::map<std::string, at::Tensor> tensors;
    for (const auto& [name, parameter] : module.graph().parameters) {
        if (name.starts_with(prefix)) tensors[name] = module.tensor(name).detach().clone();
    }
    return tensors;
}

bool shares_boxes(const BranchOptions& target) {
    return target.tasks.size() > 1 && target.head.boxes == BoxOutputs::shared;
}

bool of_one_width(const BranchSources& branch) {
    return std::all_of(branch.heads.begin(), branch.heads.end(),
                       [&](const BranchOptions& head) { return head.head.width == branch.target.head.width; });
}

std::string width_text(const BranchSources& branch) {
    std::string text;
    for (const BranchOptions& head : branch.heads) text += std::to_string(head.head.width) + ", ";
    return text + "to become " + std::to_string(branch.target.head.width);
}

} // namespace

BranchFit::BranchFit(MultiTaskModel& source, MultiTaskModel& merged, const BranchSources& branch,
                     const at::Tensor& pictures, const TransplantOptions& options)
    : source_(source), merged_(merged), branch_(branch), options_(options),
      calibration_(calibrate(source, branch, anchor_maps(branch), pictures, {options.background, options.cells})) {
    make_jobs();
    make_towers();
}

void BranchFit::make_jobs() {
    const std::vector<AnchorMap> maps = anchor_maps(branch_);
    const int bins = branch_.target.head.box_bins;
    for (std::size_t t = 0; t < branch_.tasks.size(); ++t) {
        OutputJob& job = jobs_.emplace_back();
        job.rows = source_rows(source_.module(), branch_.tasks[t], maps[t]);
        if (bins > 0) centre_bins(job.rows, bins);
        job.weights = &calibration_.tasks[t];
        job.anchors = static_cast<std::int64_t>(anchors_per_cell(branch_.target.anchors));
        const auto head = std::find_if(branch_.heads.begin(), branch_.heads.end(), [&](const BranchOptions& entry) {
            return entry.name == branch_.tasks[t].branch.head;
        });
        head_of_.push_back(static_cast<std::size_t>(head - branch_.heads.begin()));
    }
}

void BranchFit::make_towers() {
    const std::vector<std::string> targets = tower_names(branch_.target);
    HeadOptions head = branch_.target.head;
    head.norm = merged_.options().norm;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        TowerJob& tower = towers_.emplace_back(TowerJob{targets[i], {}, head});
        for (const BranchOptions& source : branch_.heads) tower.sources.push_back(tower_names(source)[i]);
        tower.weights.resize(branch_.heads.size());
        const bool classes = i == 0, boxes = i + 1 == targets.size();
        for (std::size_t t = 0; t < jobs_.size(); ++t) {
            std::vector<at::Tensor>& weights = tower.weights[head_of_[t]];
            const std::vector<at::Tensor>& own = calibration_.tasks[t].cells;
            for (std::size_t l = 0; l < own.size() && !weights.empty(); ++l)
                weights[l] = at::maximum(weights[l], own[l]);
            if (weights.empty()) weights = own;
            const std::vector<TowerReading> readings = readings_of(jobs_[t], head_of_[t], classes, boxes);
            tower.readings.insert(tower.readings.end(), readings.begin(), readings.end());
        }
    }
}

std::vector<TowerMethod> BranchFit::methods() const {
    std::int64_t side_by_side = 0;
    for (const BranchOptions& head : branch_.heads) side_by_side += head.head.width;
    if (branch_.target.head.width > side_by_side) {
        throw UsageError(
            ErrorText{"--width", "wider than the towers of branch \"" + branch_.target.name + "\" together",
                      "at most " + std::to_string(side_by_side), std::to_string(branch_.target.head.width), ""});
    }
    if (options_.method == TowerMethod::average && !of_one_width(branch_)) {
        throw UsageError(ErrorText{"--method average",
                                   "the channels of branch \"" + branch_.target.name + "\" cannot be averaged",
                                   "towers of one width", width_text(branch_), "take --method concatenate"});
    }
    if (options_.method != TowerMethod::automatic) return {options_.method};
    if (!of_one_width(branch_)) return {TowerMethod::concatenate};
    return {TowerMethod::concatenate, TowerMethod::average};
}

BranchTransplant BranchFit::fit() {
    const std::vector<TowerMethod> wanted = methods();
    for (const TowerJob& tower : towers_) {
        fits_.push_back(std::make_unique<TowerFit>(source_, merged_, calibration_.features, tower));
    }
    set_features();
    BranchTransplant best;
    std::map<std::string, at::Tensor> tensors;
    for (const TowerMethod method : wanted) {
        BranchTransplant made = attempt(method);
        if (!tensors.empty() && made.output_error >= best.output_error) continue;
        best = std::move(made);
        tensors = tensors_of(merged_.module(), branch_.target.name);
    }
    for (const auto& [name, values] : tensors) merged_.module().assign(name, values);
    return best;
}

void BranchFit::set_features() {
    for (std::size_t t = 0; t < jobs_.size(); ++t) {
        jobs_[t].features = {fits_.front()->source_rows(head_of_[t]), fits_.back()->source_rows(head_of_[t])};
    }
}

BranchTransplant BranchFit::attempt(TowerMethod method) {
    BranchTransplant made;
    made.method = name_of(method);
    for (const std::unique_ptr<TowerFit>& fit : fits_) {
        fit->run(method, options_.layer);
        made.layer_errors.insert(made.layer_errors.end(), fit->layer_errors().begin(), fit->layer_errors().end());
    }
    made.output_error = fit_outputs({fits_.front()->merged_rows(), fits_.back()->merged_rows()});
    return made;
}

BranchTransplant BranchFit::fit_outputs_only() {
    const TowerJob& tower = towers_.back();
    const std::vector<at::Tensor> features =
        last_rows(source_.module(), tower.sources.front(), tower.head, calibration_.features);
    std::vector<OutputRows> rows;
    for (OutputJob& job : jobs_) {
        job.features.boxes = features;
        rows.push_back(job.rows); // class rows stay as they are
    }
    BranchTransplant made;
    made.method = "copied";
    made.output_error = fit_shared_box_rows(jobs_, features, options_.layer.ridge, rows.front()) / 2;
    write_outputs(merged_, branch_.target, rows);
    return made;
}

double BranchFit::fit_outputs(const OutputFeatures& merged) {
    const double ridge = options_.layer.ridge;
    std::vector<OutputRows> rows(jobs_.size());
    double lost = 0;
    for (std::size_t t = 0; t < jobs_.size(); ++t) {
        lost += fit_class_rows(jobs_[t], merged.classes, ridge, rows[t]) / 2;
        if (!shares_boxes(branch_.target)) lost += fit_box_rows(jobs_[t], merged.boxes, ridge, rows[t]) / 2;
    }
    lost /= static_cast<double>(jobs_.size());
    if (shares_boxes(branch_.target)) lost += fit_shared_box_rows(jobs_, merged.boxes, ridge, rows.front()) / 2;
    write_outputs(merged_, branch_.target, rows);
    return lost;
}

std::vector<AnchorMap> anchor_maps(const BranchSources& branch) {
    std::vector<AnchorMap> maps;
    for (const TaskSource& task : branch.tasks) {
        maps.push_back(map_anchors(task.branch.options.anchors, branch.target.anchors));
    }
    return maps;
}

void write_outputs(MultiTaskModel& merged, const BranchOptions& target, const std::vector<OutputRows>& tasks) {
    const std::vector<int>& levels = target.anchors.levels;
    if (shares_boxes(target)) {
        const auto anchors = static_cast<std::int64_t>(anchors_per_cell(target.anchors));
        write_rows(merged.module(), target.name, levels, joined_rows(tasks, anchors));
        return;
    }
    const std::vector<BranchOptions> branches = branches_of_head(target);
    for (std::size_t t = 0; t < tasks.size(); ++t) {
        write_rows(merged.module(), branches[t].name, levels, tasks[t]);
    }
}

} // namespace banyan
