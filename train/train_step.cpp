#include "train/train_step.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "core/check.h"
#include "core/error.h"
#include "model/autocast.h"
#include "model/libtorch.h"
#include "train/non_finite.h"
#include "train/predicted_targets.h"
#include "train/teacher_loss.h"

namespace banyan {

GraphModuleOptions module_options(const TrainOptions& options) {
    GraphModuleOptions module;
    module.seed = options.seed;
    module.channels_last = options.channels_last;
    return module;
}

TrainStep::TrainStep(MultiTaskModel& model, const TrainOptions& options, Teachers* teachers)
    : model_(model), options_(options), teachers_(teachers), bf16_(use_bf16(options.precision)) {
    if (options.trunk_lr_scale == 0) {
        frozen_norms_.emplace_back("trunk.");
    } else if (options.trunk_norm == TrunkNorm::frozen) {
        frozen_norms_.push_back(model.options().backbone.name + ".");
    }
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
    const auto know_all = [](std::vector<LabelState>& states) {
        std::replace(states.begin(), states.end(), LabelState::unknown, LabelState::exhaustive);
    };
    for (Labels& entry : labels) {
        know_all(entry.states);
        for (LabelRegion& region : entry.regions) know_all(region.states);
    }
    return labels;
}

/// Rows that are in any of the lists, rising.
at::Tensor united_rows(const std::vector<at::Tensor>& lists) {
    return lists.size() == 1 ? lists.front() : std::get<0>(at::_unique(at::cat(lists)));
}

/// Their places in `all`, which holds them. Both rising.
at::Tensor places_in(const at::Tensor& all, const at::Tensor& rows) { return at::searchsorted(all, rows); }

/// For rows_of; nothing if `rows` are all.
at::Tensor places_unless_all(const at::Tensor& all, const at::Tensor& rows) {
    return rows.size(0) == all.size(0) ? at::Tensor() : places_in(all, rows);
}

/// Terms of more rows, of which nothing is open. @param rows rising; holds those of the terms
OpenTerms with_rows(OpenTerms terms, const at::Tensor& rows) {
    if (rows.size(0) == terms.rows.size(0)) return terms;
    at::Tensor open = at::zeros({rows.size(0), terms.open.size(1), terms.open.size(2)}, terms.open.options());
    open.index_copy_(0, places_in(rows, terms.rows), terms.open);
    return {rows, std::move(open)};
}

void append(std::vector<ValueId>& list, const std::vector<ValueId>& values) {
    list.insert(list.end(), values.begin(), values.end());
}

void make_unique(std::vector<ValueId>& list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
}

/// The values' rows at `places`; undefined: all.
std::vector<at::Tensor> rows_of(const std::vector<ValueId>& ids, const std::map<ValueId, at::Tensor>& values,
                                const at::Tensor& places) {
    std::vector<at::Tensor> rows;
    for (const ValueId id : ids) {
        const at::Tensor& value = values.at(id);
        rows.push_back(places.defined() ? value.index({places.to(value.device())}) : value);
    }
    return rows;
}

/// Outputs for some of the rows that there are outputs for.
FlatOutputs rows_of(const FlatOutputs& outputs, const at::Tensor& all, const at::Tensor& rows) {
    if (rows.size(0) == all.size(0)) return outputs;
    const at::Tensor places = places_in(all, rows).to(outputs.logits.device());
    return {outputs.logits.index({places}), outputs.codes.index({places})};
}

bool is_finite(const BranchStep& figures) {
    return std::isfinite(figures.class_loss) && std::isfinite(figures.box_loss) &&
           std::isfinite(figures.teacher_loss.value_or(0));
}

/// Name of the first tensor that is not finite, on the way from the parameters to the branch's outputs; "" if all are.
std::string first_non_finite(const MultiTaskModel& model, const Branch& branch,
                             const std::map<ValueId, at::Tensor>& features, const BranchOutputs& outputs) {
    const auto is_bad = [](const at::Tensor& tensor) { return !at::isfinite(tensor).all().item<bool>(); };
    const Graph& graph = model.module().graph();
    for (const auto& [name, parameter] : model.module().parameters()) {
        const bool own = name.starts_with("branches." + branch.head + ".") || name.starts_with("trunk.");
        if (own && is_bad(parameter)) return name;
    }
    for (const ValueId feature : branch.features) {
        if (is_bad(features.at(feature))) return graph.value(feature).name;
    }
    for (std::size_t level = 0; level < outputs.classes.size(); ++level) {
        if (is_bad(outputs.classes[level])) return graph.value(branch.class_values[level]).name;
        if (is_bad(outputs.boxes[level])) return graph.value(branch.box_values[level]).name;
    }
    return "";
}

std::string files_of(const std::vector<std::int64_t>& rows, const std::vector<std::string>& files) {
    std::string names;
    for (const std::int64_t row : rows) {
        if (!files.empty()) names += (names.empty() ? "" : ", ") + files.at(static_cast<std::size_t>(row));
    }
    return names;
}

[[noreturn]] void refuse(NonFinite details, const std::vector<std::string>& files) {
    const BranchStep& losses = details.losses.at(details.branch);
    const std::string names = files_of(details.rows, files);
    const ErrorText text{"branch " + details.branch, "the loss is not finite", "finite class and box losses",
                         "class " + loss_text(losses.class_loss) + ", box " + loss_text(losses.box_loss) +
                             (losses.teacher_loss ? ", teacher " + loss_text(*losses.teacher_loss) : "") +
                             (details.tensor.empty() ? "" : ", first in \"" + details.tensor + "\"") +
                             (names.empty() ? "" : " on " + names),
                         "lower /train/lr or set /train/precision to \"fp32\""};
    throw NonFiniteError(text, std::move(details));
}

std::vector<std::int64_t> to_list(const at::Tensor& rows) {
    std::vector<std::int64_t> list;
    for (std::int64_t i = 0; i < rows.size(0); ++i) list.push_back(rows[i].item<std::int64_t>());
    return list;
}

/// StepLosses::hints. @throws NonFiniteError
const at::Tensor& checked_hints(const StepLosses& losses, const std::vector<std::string>& files) {
    const double value = losses.hints.item<double>();
    if (std::isfinite(value)) return losses.hints;
    NonFinite details{"loss", "", "", to_list(losses.rows), losses.branches};
    const ErrorText text{"hints of the teachers", "their loss is not finite", "a finite loss",
                         loss_text(value) + " on " + files_of(details.rows, files),
                         "lower /train/lr or set /train/precision to \"fp32\""};
    throw NonFiniteError(text, std::move(details));
}

} // namespace

std::vector<BranchTargets> TrainStep::targets_of(const std::vector<Labels>& labels, int height, int width) {
    std::vector<Labels> naive;
    if (options_.unlabelled == Unlabelled::background) naive = unknown_as_background(labels);
    const std::vector<Labels>& seen = naive.empty() ? labels : naive;
    std::vector<BranchTargets> targets;
    for (std::size_t b = 0; b < model_.branches().size(); ++b) {
        targets.push_back(build_targets(model_.branches()[b], anchors_of(b, height, width), seen));
    }
    return targets;
}

std::vector<TrainStep::Lesson> TrainStep::lessons_of(const std::vector<Labels>& labels, int height, int width) {
    std::vector<Lesson> lessons;
    for (BranchTargets& targets : targets_of(labels, height, width)) {
        Lesson& lesson = lessons.emplace_back();
        lesson.rows = targets.rows;
        lesson.targets = std::move(targets);
    }
    for (std::size_t t = 0; t < teacher_count(); ++t) {
        Teacher& teacher = (*teachers_)[t];
        std::vector<OpenTerms> open = teacher.open_terms(labels, height, width);
        for (std::size_t b = 0; b < lessons.size(); ++b) {
            Lesson& lesson = lessons[b];
            const at::Tensor ruled = united_rows({lesson.targets.rows, open[b].rows});
            lesson.rows = united_rows({lesson.rows, open[b].rows});
            const bool refines = teacher.options().refine_weight > 0;
            lesson.open.push_back(refines ? with_rows(std::move(open[b]), ruled) : std::move(open[b]));
        }
    }
    return lessons;
}

std::map<ValueId, at::Tensor> TrainStep::run_trunk(const at::Tensor& images, const std::vector<Lesson>& lessons,
                                                   const std::vector<std::int64_t>& row_sets) {
    std::optional<torch::NoGradGuard> no_grad;
    if (options_.trunk_lr_scale == 0) no_grad.emplace();
    const Bf16Autocast autocast(bf16_, model_.module().options().device.is_cuda());
    RunRequest request;
    request.given[model_.module().graph().input] = images;
    request.training = true;
    request.frozen_norms = frozen_norms_;
    request.row_sets = row_sets;
    for (std::size_t b = 0; b < lessons.size(); ++b) {
        if (!lessons[b].empty()) append(request.targets, model_.branches()[b].features);
    }
    for (std::size_t t = 0; t < teacher_count(); ++t) append(request.targets, (*teachers_)[t].trunk_values());
    make_unique(request.targets);
    return model_.module().run(request);
}

std::vector<BranchOutputs> TrainStep::run_branches(const std::map<ValueId, at::Tensor>& features,
                                                   std::vector<Lesson>& lessons, std::int64_t batch_rows) {
    const Bf16Autocast autocast(bf16_, model_.module().options().device.is_cuda());
    const std::vector<Branch>& branches = model_.branches();
    std::vector<BranchOutputs> outputs(lessons.size());
    for (std::size_t b = 0; b < lessons.size();) {
        const std::string& head = branches[b].head;
        std::vector<std::size_t> of_head;
        for (; b < lessons.size() && branches[b].head == head; ++b) {
            if (!lessons[b].empty()) of_head.push_back(b);
        }
        if (!of_head.empty()) run_head(of_head, features, lessons, batch_rows, outputs);
    }
    return outputs;
}

void TrainStep::run_head(const std::vector<std::size_t>& of_head, const std::map<ValueId, at::Tensor>& features,
                         std::vector<Lesson>& lessons, std::int64_t batch_rows, std::vector<BranchOutputs>& outputs) {
    const std::vector<Branch>& branches = model_.branches();
    RunRequest request;
    request.training = true;
    request.frozen_norms = frozen_norms_;
    std::vector<at::Tensor> lists;
    for (const std::size_t b : of_head) {
        lists.push_back(lessons[b].rows);
        append(request.targets, branches[b].class_values);
        append(request.targets, branches[b].box_values);
        for (std::size_t t = 0; t < teacher_count(); ++t) append(request.targets, (*teachers_)[t].cross_values(b));
    }
    make_unique(request.targets);
    const at::Tensor rows = united_rows(lists);
    for (const ValueId feature : branches[of_head.front()].features) {
        const at::Tensor& all = features.at(feature);
        // Unlike index_select, index keeps the memory order (channels-last).
        request.given[feature] = rows.size(0) == batch_rows ? all : all.index({rows.to(all.device())});
    }
    const std::map<ValueId, at::Tensor> values = model_.module().run(request);
    for (const std::size_t b : of_head) {
        const at::Tensor places = places_unless_all(rows, lessons[b].rows);
        outputs[b] = {rows_of(branches[b].class_values, values, places),
                      rows_of(branches[b].box_values, values, places)};
        lessons[b].crossed = cross_heads(b, lessons[b], rows, values);
    }
}

std::vector<FlatOutputs> TrainStep::cross_heads(std::size_t branch, const Lesson& lesson, const at::Tensor& rows,
                                                const std::map<ValueId, at::Tensor>& values) {
    std::vector<FlatOutputs> outputs(teacher_count());
    for (std::size_t t = 0; t < teacher_count(); ++t) {
        Teacher& teacher = (*teachers_)[t];
        const TeacherTargets& taught = lesson.taught[t];
        if (teacher.cross_values(branch).empty() || taught.empty()) continue;
        outputs[t] =
            teacher.cross(branch, rows_of(teacher.cross_values(branch), values, places_unless_all(rows, taught.rows)));
    }
    return outputs;
}

StepLosses TrainStep::forward(const Batch& batch) { return forward(batch, {}); }

StepLosses TrainStep::forward(const Batch& batch, const std::map<std::string, JudgedTargets>& before) {
    const at::Tensor pixels = at::from_blob(const_cast<std::uint8_t*>(batch.pixels.data()),
                                            {batch.count, batch.height, batch.width, 3}, at::kByte);
    StepLosses losses;
    losses.judged = before;
    return forward(std::move(losses), model_.normalise(pixels), batch.labels, batch.file, batch.dataset);
}

StepLosses TrainStep::forward(const at::Tensor& images, const std::vector<Labels>& labels,
                              const std::vector<std::string>& files, const std::vector<int>& datasets) {
    return forward({}, images, labels, files, datasets);
}

StepLosses TrainStep::forward(StepLosses losses, const at::Tensor& images, const std::vector<Labels>& labels,
                              const std::vector<std::string>& files, const std::vector<int>& datasets) {
    std::vector<Lesson> lessons =
        lessons_of(labels, static_cast<int>(images.size(2)), static_cast<int>(images.size(3)));
    std::vector<at::Tensor> lists;
    for (const Lesson& lesson : lessons) lists.push_back(lesson.rows);
    const at::Tensor rows = united_rows(lists); // the others do not even enter the trunk
    if (rows.size(0) == 0) return {};
    losses.rows = rows;
    if (options_.trunk_norm == TrunkNorm::dataset) {
        BANYAN_CHECK(static_cast<std::int64_t>(datasets.size()) == images.size(0), "train step: ", datasets.size(),
                     " data sets of ", images.size(0), " rows; trunk_norm \"dataset\" needs that of each row");
        for (const std::int64_t row : to_list(rows))
            losses.row_sets.push_back(datasets.at(static_cast<std::size_t>(row)));
    }
    if (rows.size(0) == images.size(0)) return forward_rows(std::move(losses), images, std::move(lessons), files);
    for (Lesson& lesson : lessons) {
        for (at::Tensor* list : {&lesson.rows, &lesson.targets.rows}) *list = places_in(rows, *list);
        for (OpenTerms& open : lesson.open) open.rows = places_in(rows, open.rows);
    }
    return forward_rows(std::move(losses), images.index({rows.to(images.device())}), std::move(lessons), files);
}

at::Tensor TrainStep::ask_teachers(const at::Tensor& images, const std::map<ValueId, at::Tensor>& features,
                                   std::vector<Lesson>& lessons) {
    at::Tensor hints;
    for (std::size_t t = 0; t < teacher_count(); ++t) {
        std::vector<OpenTerms> open;
        for (Lesson& lesson : lessons) open.push_back(std::move(lesson.open[t]));
        TeacherSpeech said = (*teachers_)[t].speak(images, features, std::move(open));
        for (std::size_t b = 0; b < lessons.size(); ++b) lessons[b].taught.push_back(std::move(said.branches[b]));
        if (said.hints.defined()) hints = hints.defined() ? hints + said.hints : said.hints;
    }
    return hints;
}

StepLosses TrainStep::forward_rows(StepLosses losses, const at::Tensor& images, std::vector<Lesson> lessons,
                                   const std::vector<std::string>& files) {
    const std::map<ValueId, at::Tensor> features = run_trunk(images, lessons, losses.row_sets);
    losses.hints = ask_teachers(images, features, lessons);
    const std::vector<BranchOutputs> outputs = run_branches(features, lessons, images.size(0));
    for (std::size_t b = 0; b < lessons.size(); ++b) {
        if (lessons[b].empty()) continue;
        const Branch& branch = model_.branches()[b];
        const AnchorSet& anchors = anchors_of(b, static_cast<int>(images.size(2)), static_cast<int>(images.size(3)));
        const at::Tensor rows = lessons[b].rows;
        add_losses(b, anchors, flatten(branch, outputs[b]), std::move(lessons[b]), losses);
        if (is_finite(losses.branches.at(branch.name))) continue;
        const std::string tensor = first_non_finite(model_, branch, features, outputs[b]);
        refuse({"loss", branch.name, tensor, to_list(losses.rows.index({rows})), losses.branches}, files);
    }
    if (losses.hints.defined()) losses.total = losses.total + checked_hints(losses, files);
    return losses;
}

void TrainStep::add_losses(std::size_t branch_index, const AnchorSet& anchors, const FlatOutputs& outputs,
                           Lesson lesson, StepLosses& losses) const {
    const Branch& branch = model_.branches()[branch_index];
    BranchStep& figures = losses.branches[branch.name];
    figures.rows = lesson.rows.size(0);
    std::vector<bool> active(branch.class_count(), false);
    at::Tensor total;
    if (!lesson.targets.empty()) {
        const FlatOutputs judged = rows_of(outputs, lesson.rows, lesson.targets.rows);
        const auto before = losses.judged.find(branch.name);
        const bool is_new = before == losses.judged.end();
        lesson.targets =
            is_new ? match_predictions(branch, anchors, judged, std::move(lesson.targets)) : before->second.targets;
        const BranchLoss loss =
            branch_loss(branch, judged, lesson.targets, is_new ? nullptr : &before->second.constants);
        losses.judged[branch.name] = {lesson.targets, loss.constants};
        figures.class_loss = loss.classes.item<double>();
        figures.box_loss = loss.boxes.item<double>();
        figures.positives = lesson.targets.positives();
        total = loss.total;
        active = lesson.targets.active;
    }
    for (std::size_t t = 0; t < teacher_count(); ++t) {
        const TeacherTargets& taught = lesson.taught[t];
        figures.teacher_loss = figures.teacher_loss.value_or(0);
        if (taught.empty()) continue;
        const TeacherOptions& options = (*teachers_)[t].options();
        const bool is_crossed = lesson.crossed[t].logits.defined();
        const FlatOutputs asked = is_crossed ? lesson.crossed[t] : rows_of(outputs, lesson.rows, taught.rows);
        const TeacherLoss loss = teacher_loss(branch, asked, taught, lesson.targets, options);
        *figures.teacher_loss += (loss.classes + options.box_weight * loss.boxes).item<double>();
        total = total.defined() ? total + loss.total : loss.total;
        if (is_crossed) continue; // it does not reach the branch's own outputs
        std::transform(active.begin(), active.end(), loss.active.begin(), active.begin(), std::logical_or<>());
    }
    losses.total = losses.total.defined() ? losses.total + total : total;
    losses.terms.push_back(total);
    losses.present.push_back(branch.name);
    if (losses.heads.empty() || losses.heads.back() != branch.head) losses.heads.push_back(branch.head);
    losses.active[branch.name] = std::move(active);
}

} // namespace banyan
