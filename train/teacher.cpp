#include "train/teacher.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "graph/graph_json.h"
#include "graph/remove_dead.h"
#include "model/autocast.h"
#include "model/libtorch.h"
#include "model/saved_model.h"

namespace banyan {

namespace {

using BoxTensors = std::pair<at::Tensor, at::Tensor>; // corners [R, 4], strides [R]

BoxTensors box_tensors(const AnchorSet& anchors, const at::TensorOptions& like) {
    const auto count = static_cast<std::int64_t>(anchors.size());
    at::Tensor corners = at::empty({count, 4}, at::kFloat), strides = at::empty({count}, at::kFloat);
    auto* corner = corners.mutable_data_ptr<float>();
    auto* stride = strides.mutable_data_ptr<float>();
    for (std::size_t r = 0; r < anchors.size(); ++r) {
        const Box& box = anchors.boxes[r];
        for (const float side : {box.x0, box.y0, box.x1, box.y1}) *corner++ = side;
        *stride++ = static_cast<float>(anchors.stride_of(r));
    }
    return {corners.to(like), strides.to(like)};
}

/// The part of a graph that makes some values, as text.
std::string trunk_text(Graph graph, const std::vector<ValueId>& values) {
    graph.outputs.clear();
    for (const ValueId id : values) graph.outputs[graph.value(id).name] = id;
    return to_json(remove_dead(graph));
}

bool have_equal_trunks(const GraphModule& a, const GraphModule& b) {
    for (const auto& [name, parameter] : a.graph().parameters) {
        if (!name.starts_with("trunk.")) continue;
        if (b.graph().parameters.count(name) == 0 || !at::equal(a.tensor(name), b.tensor(name))) return false;
    }
    return true;
}

void ask_outputs(const Branch& branch, RunRequest& request) {
    for (const auto* values : {&branch.class_values, &branch.box_values}) {
        request.targets.insert(request.targets.end(), values->begin(), values->end());
    }
}

FlatOutputs flat_outputs(const Branch& branch, const std::map<ValueId, at::Tensor>& results) {
    BranchOutputs maps;
    for (const ValueId id : branch.class_values) maps.classes.push_back(results.at(id));
    for (const ValueId id : branch.box_values) maps.boxes.push_back(results.at(id));
    return flatten(branch, maps);
}

at::Tensor places(const std::vector<std::int64_t>& list) {
    return at::tensor(at::ArrayRef<std::int64_t>(list), at::kLong);
}

void check_finite(const Hint& hint, const std::map<ValueId, at::Tensor>& results, const std::string& model) {
    if (at::isfinite(results.at(hint.teacher_value)).all().item<bool>()) return;
    throw NumericError(ErrorText{"teacher " + model, "its value " + hint.options.teacher_value + " is not finite", "",
                                 "", "check it with `banyan eval`, or set /train/precision to \"fp32\""});
}

} // namespace

Teacher::Teacher(TeacherOptions options, MultiTaskModel& network, const TeacherSetting& setting)
    : options_(std::move(options)), network_(network), setting_(setting),
      model_(load_model(options_.model, network.module().options())), links_(network.branches().size()),
      cross_heads_(network.branches().size()) {
    const std::string where = "teacher " + options_.model;
    for (const auto& [name, parameter] : model_.module().parameters()) parameter.set_requires_grad(false);
    if (options_.weight > 0) links_ = link_teacher(network, model_, options_.tasks, where);
    if (options_.cross) cross_heads_ = link_cross_heads(network, model_, links_, where);
    hints_ = make_hints(options_.hints, network, model_, setting_.name, where);
    for (const Hint& hint : hints_) trunk_values_.push_back(hint.value);
    std::set<std::size_t> used;
    for (const std::vector<TaskLink>& links : links_) {
        for (const TaskLink& link : links) used.insert(link.teacher_branch);
    }
    used_.assign(used.begin(), used.end());
    if (setting_.frozen_trunk) share_trunk();
    log_info(where + (shared_.empty() ? "" : ": shares the frozen trunk"));
}

void Teacher::share_trunk() {
    const Graph &ours = network_.module().graph(), &theirs = model_.module().graph();
    std::vector<ValueId> own_values, values;
    for (const std::size_t b : used_) {
        for (const ValueId feature : model_.branches()[b].features) {
            const std::optional<ValueId> same = ours.find_value(theirs.value(feature).name);
            if (!same) return;
            own_values.push_back(feature);
            values.push_back(*same);
        }
    }
    if (trunk_text(ours, values) != trunk_text(theirs, own_values)) return;
    if (!have_equal_trunks(model_.module(), network_.module())) return;
    for (std::size_t i = 0; i < values.size(); ++i) shared_[own_values[i]] = values[i];
    trunk_values_ = values;
}

const Teacher::Geometry& Teacher::geometry(int height, int width) {
    const auto found = geometries_.find({height, width});
    if (found != geometries_.end()) return found->second;
    Geometry made;
    const auto like = at::TensorOptions(network_.module().options().dtype);
    std::vector<AnchorSet> teacher_anchors;
    for (const Branch& branch : model_.branches()) {
        teacher_anchors.push_back(make_anchors(branch.options.anchors, height, width));
        made.teacher_boxes.push_back(box_tensors(teacher_anchors.back(), like));
    }
    for (std::size_t b = 0; b < links_.size(); ++b) {
        const Branch& branch = network_.branches()[b];
        const AnchorSet& own = made.own.emplace_back(make_anchors(branch.options.anchors, height, width));
        made.boxes.push_back(box_tensors(own, like));
        const auto count = static_cast<std::int64_t>(own.size());
        at::Tensor known = at::zeros({count, static_cast<std::int64_t>(branch.class_count())}, at::kFloat);
        std::vector<at::Tensor>& links = made.links.emplace_back();
        for (const TaskLink& link : links_[b]) {
            links.push_back(link_anchors(own, teacher_anchors[link.teacher_branch]));
            const at::Tensor has_anchor = links.back().ge(0).to(at::kFloat).unsqueeze(1); // [R, 1]
            known.index_put_({at::indexing::Slice(), places(link.classes)},
                             has_anchor.expand({count, static_cast<std::int64_t>(link.classes.size())}));
        }
        made.known.push_back(known);
    }
    return geometries_.emplace(std::pair{height, width}, std::move(made)).first->second;
}

std::vector<OpenTerms> Teacher::open_terms(const std::vector<Labels>& labels, int height, int width) {
    const Geometry& at_size = geometry(height, width);
    std::vector<OpenTerms> terms;
    for (std::size_t b = 0; b < links_.size(); ++b) {
        terms.push_back(find_open_terms(network_.branches()[b], at_size.own[b], labels, at_size.known[b]));
    }
    return terms;
}

std::map<ValueId, at::Tensor> Teacher::run(const at::Tensor& images, const std::map<ValueId, at::Tensor>& values,
                                           bool with_branches) {
    RunRequest request;
    if (shared_.empty()) request.given[model_.module().graph().input] = images;
    for (const auto& [own, networks] : shared_) request.given[own] = values.at(networks);
    for (const Hint& hint : hints_) request.targets.push_back(hint.teacher_value);
    for (const std::size_t b : with_branches ? used_ : std::vector<std::size_t>()) {
        ask_outputs(model_.branches()[b], request);
    }
    const Bf16Autocast autocast(setting_.bf16, model_.module().options().device.is_cuda());
    return model_.module().run(request);
}

std::map<std::size_t, FlatOutputs> Teacher::outputs_of(const std::map<ValueId, at::Tensor>& results) const {
    std::map<std::size_t, FlatOutputs> outputs;
    for (const std::size_t b : used_) {
        const Branch& branch = model_.branches()[b];
        FlatOutputs& flat = outputs[b] = flat_outputs(branch, results);
        if (at::isfinite(flat.logits).all().item<bool>() && at::isfinite(flat.codes).all().item<bool>()) continue;
        throw NumericError(ErrorText{"teacher " + options_.model,
                                     "outputs of its branch " + branch.name + " are not finite", "", "",
                                     "check it with `banyan eval`, or set /train/precision to \"fp32\""});
    }
    return outputs;
}

TeacherSpeech Teacher::speak(const at::Tensor& images, const std::map<ValueId, at::Tensor>& values,
                             std::vector<OpenTerms> open) {
    TeacherSpeech said;
    said.branches.resize(open.size());
    std::vector<std::size_t> asked;
    for (std::size_t b = 0; b < open.size(); ++b) {
        // With refine_weight, branches whose tasks it does not teach have rows as well.
        if (open[b].rows.size(0) > 0 && !links_[b].empty()) asked.push_back(b);
    }
    if (asked.empty() && hints_.empty()) return said;
    std::map<ValueId, at::Tensor> results;
    {
        const torch::NoGradGuard no_grad;
        results = run(images, values, !asked.empty());
        const Geometry& at_size = geometry(static_cast<int>(images.size(2)), static_cast<int>(images.size(3)));
        const auto outputs = asked.empty() ? std::map<std::size_t, FlatOutputs>() : outputs_of(results);
        for (const std::size_t b : asked) said.branches[b] = targets_of(b, at_size, outputs, std::move(open[b]));
    }
    for (const Hint& hint : hints_) check_finite(hint, results, options_.model);
    said.hints = hints_loss(hints_, values, results);
    return said;
}

TeacherTargets Teacher::targets_of(std::size_t branch, const Geometry& geometry,
                                   const std::map<std::size_t, FlatOutputs>& outputs, OpenTerms open) {
    TeacherTargets targets;
    targets.rows = std::move(open.rows);
    targets.open = std::move(open.open);
    targets.known = geometry.known[branch];
    for (std::size_t i = 0; i < links_[branch].size(); ++i) {
        const TaskLink& link = links_[branch][i];
        const at::Tensor& all = outputs.at(link.teacher_branch).logits; // [N, R', K']
        if (!targets.logits.defined()) targets.logits = at::zeros(targets.open.sizes(), all.options());
        const at::Tensor& anchors = geometry.links[branch][i];
        at::Tensor logits = all.index({targets.rows}).index_select(1, anchors.clamp_min(0)); // [m, R, K']
        logits = logits.index_select(2, places(link.teacher_classes));                       // [m, R, K of the task]
        logits = logits.masked_fill(anchors.lt(0).view({1, -1, 1}), 0);
        targets.logits.index_copy_(2, places(link.classes), logits);
    }
    add_boxes(branch, geometry, outputs, targets);
    return targets;
}

FlatOutputs Teacher::cross(std::size_t branch, const std::vector<at::Tensor>& values) {
    const Branch& own = model_.branches()[links_[branch].front().teacher_branch];
    RunRequest request;
    for (std::size_t i = 0; i < values.size(); ++i) {
        request.given[cross_heads_[branch].teacher_values[i]] = values[i];
    }
    ask_outputs(own, request);
    return flat_outputs(own, model_.module().run(request));
}

bool Teacher::has_equal_bins(std::size_t branch) const {
    const int bins = network_.branches()[branch].options.head.box_bins;
    return bins > 0 && std::all_of(links_[branch].begin(), links_[branch].end(), [&](const TaskLink& link) {
               return model_.branches()[link.teacher_branch].options.head.box_bins == bins;
           });
}

void Teacher::add_boxes(std::size_t branch, const Geometry& geometry, const std::map<std::size_t, FlatOutputs>& outputs,
                        TeacherTargets& targets) {
    const at::Tensor is_sure =
        targets.logits.sigmoid().ge(options_.minimum_score).logical_and(targets.known.gt(0)); // [m, R, K]
    std::vector<at::Tensor> picks, boxes, bins;
    for (std::size_t i = 0; i < links_[branch].size(); ++i) {
        const TaskLink& link = links_[branch][i];
        const at::Tensor classes = places(link.classes);
        at::Tensor found = is_sure.index_select(2, classes).nonzero().t(); // [m, R, K of the task] -> [3, Q]
        const at::Tensor anchors = geometry.links[branch][i].index({found[1]}), rows = targets.rows.index({found[0]});
        const at::Tensor codes = outputs.at(link.teacher_branch).codes.index({rows, anchors}); // [N, R', C] -> [Q, C]
        const auto& [corners, strides] = geometry.teacher_boxes[link.teacher_branch];
        boxes.push_back(decode_outputs(model_.branches()[link.teacher_branch], codes,
                                       corners.to(codes.options()).index({anchors}),
                                       strides.to(codes.options()).index({anchors})));
        if (has_equal_bins(branch)) bins.push_back(codes.view({-1, 4, codes.size(1) / 4})); // [Q, 4*B] -> [Q, 4, B]
        picks.push_back(at::stack({found[0], found[1], classes.index({found[2]})}));
    }
    targets.picks = at::cat(picks, 1);
    targets.boxes = at::cat(boxes);
    if (!bins.empty()) targets.bins = at::cat(bins);
    const auto& [corners, strides] = geometry.boxes[branch];
    targets.anchors = corners.index({targets.picks[1]});
    targets.strides = strides.index({targets.picks[1]});
}

} // namespace banyan
