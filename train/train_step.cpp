#include "train/train_step.h"

#include <algorithm>
#include <cmath>

#include <torch/torch.h>

#include "core/error.h"
#include "model/autocast.h"

namespace banyan {

TrainStep::TrainStep(MultiTaskModel& model, const TrainOptions& options)
    : model_(model), options_(options), bf16_(use_bf16(options.precision)) {
    if (options.trunk_norm == TrunkNorm::frozen) frozen_norms_.push_back(model.options().backbone.name + ".");
}

const AnchorSet& TrainStep::anchors_of(std::size_t branch, int height, int width) {
    std::vector<AnchorSet>& sets = anchors_[{height, width}];
    if (sets.empty()) {
        for (const Branch& entry : model_.branches())
            sets.push_back(make_anchors(entry.options.anchors, height, width));
    }
    return sets.at(branch);
}

namespace {

/// The naive baseline: what is unknown counts as fully labelled, so as background.
std::vector<Labels> unknown_as_background(std::vector<Labels> labels) {
    for (Labels& entry : labels) {
        std::replace(entry.states.begin(), entry.states.end(), LabelState::unknown, LabelState::exhaustive);
    }
    return labels;
}

/// Rows in which any branch has something to learn, rising; the others do not even enter the trunk.
at::Tensor labelled_rows(const std::vector<BranchTargets>& targets) {
    std::vector<at::Tensor> rows;
    for (const BranchTargets& entry : targets) rows.push_back(entry.rows);
    return std::get<0>(at::_unique(at::cat(rows)));
}

void check_finite(const Branch& branch, const BranchLoss& loss, const at::Tensor& rows,
                  const std::vector<std::string>& files) {
    const double class_loss = loss.classes.item<double>(), box_loss = loss.boxes.item<double>();
    if (std::isfinite(class_loss) && std::isfinite(box_loss)) return;
    std::string names;
    for (std::int64_t i = 0; i < rows.size(0) && !files.empty(); ++i) {
        names += (names.empty() ? "" : ", ") + files.at(static_cast<std::size_t>(rows[i].item<std::int64_t>()));
    }
    throw NumericError(ErrorText{"branch " + branch.name, "the loss is not finite", "finite class and box losses",
                                 "class " + std::to_string(class_loss) + ", box " + std::to_string(box_loss) +
                                     (names.empty() ? "" : " on " + names),
                                 "lower /train/lr or set /train/precision to \"fp32\""});
}

} // namespace

std::vector<BranchTargets> TrainStep::targets_of(const std::vector<Labels>& labels, int height, int width) {
    const bool naive = options_.unlabelled == Unlabelled::background;
    const std::vector<Labels>& seen = naive ? unknown_as_background(labels) : labels;
    std::vector<BranchTargets> targets;
    for (std::size_t b = 0; b < model_.branches().size(); ++b) {
        targets.push_back(build_targets(model_.branches()[b], anchors_of(b, height, width), seen));
    }
    return targets;
}

std::map<ValueId, at::Tensor> TrainStep::run_trunk(const at::Tensor& images,
                                                   const std::vector<BranchTargets>& targets) {
    RunRequest request;
    request.given[model_.module().graph().input] = images;
    request.training = true;
    request.frozen_norms = frozen_norms_;
    for (std::size_t b = 0; b < targets.size(); ++b) {
        if (targets[b].empty()) continue;
        const std::vector<ValueId>& features = model_.branches()[b].features;
        request.targets.insert(request.targets.end(), features.begin(), features.end());
    }
    std::sort(request.targets.begin(), request.targets.end());
    request.targets.erase(std::unique(request.targets.begin(), request.targets.end()), request.targets.end());
    return model_.module().run(request);
}

BranchOutputs TrainStep::run_branch(const Branch& branch, const std::map<ValueId, at::Tensor>& features,
                                    const at::Tensor& rows, std::int64_t batch_rows) {
    RunRequest request;
    request.training = true;
    request.frozen_norms = frozen_norms_;
    for (const ValueId feature : branch.features) {
        const at::Tensor& all = features.at(feature);
        // Unlike index_select, index keeps the memory order (channels-last).
        request.given[feature] = rows.size(0) == batch_rows ? all : all.index({rows.to(all.device())});
    }
    request.targets = branch.class_values;
    request.targets.insert(request.targets.end(), branch.box_values.begin(), branch.box_values.end());
    const std::map<ValueId, at::Tensor> values = model_.module().run(request);
    BranchOutputs outputs;
    for (const ValueId value : branch.class_values) outputs.classes.push_back(values.at(value));
    for (const ValueId value : branch.box_values) outputs.boxes.push_back(values.at(value));
    return outputs;
}

StepLosses TrainStep::forward(const Batch& batch) {
    const at::Tensor pixels = at::from_blob(const_cast<std::uint8_t*>(batch.pixels.data()),
                                            {batch.count, batch.height, batch.width, 3}, at::kByte);
    return forward(model_.normalise(pixels), batch.labels, batch.file);
}

StepLosses TrainStep::forward(const at::Tensor& images, const std::vector<Labels>& labels,
                              const std::vector<std::string>& files) {
    std::vector<BranchTargets> targets =
        targets_of(labels, static_cast<int>(images.size(2)), static_cast<int>(images.size(3)));
    const at::Tensor rows = labelled_rows(targets);
    if (rows.size(0) == 0) return {};
    if (rows.size(0) == images.size(0)) return forward_rows(images, targets, files);
    for (BranchTargets& entry : targets) entry.rows = at::searchsorted(rows, entry.rows);
    std::vector<std::string> kept_files;
    for (std::int64_t i = 0; i < rows.size(0) && !files.empty(); ++i) {
        kept_files.push_back(files.at(static_cast<std::size_t>(rows[i].item<std::int64_t>())));
    }
    return forward_rows(images.index({rows.to(images.device())}), targets, kept_files);
}

StepLosses TrainStep::forward_rows(const at::Tensor& images, const std::vector<BranchTargets>& targets,
                                   const std::vector<std::string>& files) {
    StepLosses losses;
    std::vector<BranchOutputs> outputs(targets.size());
    {
        const Bf16Autocast autocast(bf16_, model_.module().options().device.is_cuda());
        const std::map<ValueId, at::Tensor> features = run_trunk(images, targets);
        for (std::size_t b = 0; b < targets.size(); ++b) {
            if (targets[b].empty()) continue;
            outputs[b] = run_branch(model_.branches()[b], features, targets[b].rows, images.size(0));
        }
    }
    for (std::size_t b = 0; b < targets.size(); ++b) {
        if (targets[b].empty()) continue;
        const Branch& branch = model_.branches()[b];
        const BranchLoss loss = branch_loss(branch, outputs[b], targets[b]);
        check_finite(branch, loss, targets[b].rows, files);
        losses.total = losses.total.defined() ? losses.total + loss.total : loss.total;
        losses.present.push_back(branch.name);
        losses.branches[branch.name] = {loss.classes.item<double>(), loss.boxes.item<double>(), targets[b].rows.size(0),
                                        targets[b].positives()};
    }
    return losses;
}

std::vector<std::string> touched_tensors(const GraphModule& module, const StepLosses& losses) {
    std::vector<std::string> names, prefixes;
    for (const auto& [name, parameter] : module.parameters()) {
        if (parameter.grad().defined()) names.push_back(name);
    }
    for (const std::string& branch : losses.present) prefixes.push_back("branches." + branch + ".");
    for (const auto& [name, buffer] : module.buffers()) {
        // In the trunk, batch statistics were used where the affine part has a gradient; a branch's box tower may have
        // none.
        const std::string weight = name.substr(0, name.rfind('.')) + ".weight";
        if (has_any_prefix(name, prefixes) || module.tensor(weight).grad().defined()) names.push_back(name);
    }
    return names;
}

} // namespace banyan
