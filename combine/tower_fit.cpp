#include "combine/tower_fit.h"

#include "combine/channel_choice.h"
#include "combine/norm_fit.h"
#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

std::string layer_name(const std::string& tower, int layer) { return tower + "." + std::to_string(layer); }

/// Targets whose scatter is 1 each, so that all count alike.
at::Tensor evened(const at::Tensor& rows) { return rows / rows.std(0, true).clamp_min(1e-6); }

at::Tensor columns_of(const std::vector<std::int64_t>& groups, std::int64_t group) {
    std::vector<std::int64_t> columns;
    for (std::size_t c = 0; c < groups.size(); ++c) {
        if (groups[c] == group) columns.push_back(static_cast<std::int64_t>(c));
    }
    return at::tensor(columns, at::kLong);
}

} // namespace

TowerFit::TowerFit(MultiTaskModel& source, MultiTaskModel& merged, const CalibrationFeatures& features,
                   const TowerJob& job)
    : source_(source), merged_(merged), features_(features), job_(job),
      layers_(read_towers(source.module(), job.sources, job.head, features)) {
    for (std::size_t s = 0; s < job.sources.size() && job.head.depth > 0; ++s) {
        const std::int64_t width = source.module().tensor(layer_name(job.sources[s], 0) + ".conv.weight").size(0);
        owners_.insert(owners_.end(), static_cast<std::size_t>(width), static_cast<std::int64_t>(s));
    }
}

void TowerFit::run(TowerMethod method, const LayerFitOptions& options) {
    from_raw_ = method == TowerMethod::concatenate && job_.head.norm.kind == NormKind::batch;
    layer_errors_.clear();
    choose_joins(method, options.ridge);
    std::vector<at::Tensor> inputs = features_.maps;
    for (int layer = 0; layer < job_.head.depth; ++layer) {
        fit_layer(layer, inputs, options);
        fit_norms(layer, inputs);
        inputs = outputs_of(layer, inputs);
    }
    merged_rows_.clear();
    for (std::size_t level = 0; level < inputs.size(); ++level) {
        merged_rows_.push_back(rows_at(inputs[level], features_.cells[level].index));
    }
}

std::vector<at::Tensor> TowerFit::source_rows(std::size_t source) const {
    const at::Tensor columns = columns_of(owners_, static_cast<std::int64_t>(source));
    std::vector<at::Tensor> rows;
    for (const at::Tensor& level : layers_.back().active) rows.push_back(level.index_select(1, columns));
    return rows;
}

void TowerFit::choose_joins(TowerMethod method, double ridge) {
    const auto all = static_cast<std::int64_t>(owners_.size());
    joins_.assign(layers_.size(), at::Tensor());
    for (int layer = job_.head.depth - 1; layer >= 0; --layer) { // readers first
        const auto i = static_cast<std::size_t>(layer);
        const bool last = layer + 1 == job_.head.depth;
        if (method == TowerMethod::average) {
            std::vector<at::Tensor> activations;
            const at::Tensor rows = at::cat(layers_[i].active);
            for (std::size_t s = 0; s < job_.sources.size(); ++s) {
                activations.push_back(rows.index_select(1, columns_of(owners_, static_cast<std::int64_t>(s))));
            }
            std::vector<at::Tensor> weights;
            const auto mixed = static_cast<std::int64_t>(job_.sources.size());
            for (std::size_t l = 0; l < features_.levels.size(); ++l) weights.push_back(weight_of(mixed, l));
            joins_[i] = join_of_matched(activations, at::cat(weights));
            continue;
        }
        const bool patches = !last && job_.head.tower == TowerKind::conv;
        const std::vector<Moments> readings = last ? last_readings() : readings_of_layer(layer + 1);
        joins_[i] = join_of_kept(kept_channels(readings, patches ? 9 : 1, job_.head.width, ridge), all);
    }
}

std::vector<Moments> TowerFit::last_readings() const {
    std::vector<Moments> moments(job_.readings.size());
    for (std::size_t r = 0; r < job_.readings.size(); ++r) {
        const TowerReading& reading = job_.readings[r];
        const std::vector<at::Tensor> own = source_rows(reading.source);
        for (std::size_t level = 0; level < own.size(); ++level) {
            const at::Tensor read = at::matmul(own[level], reading.weight.t()) + reading.bias;
            moments[r].add(layers_.back().active[level], read, reading.weights[level]);
        }
    }
    return moments;
}

/// What the channels of the layer that are kept read from the layer before.
std::vector<Moments> TowerFit::readings_of_layer(int layer) const {
    const std::vector<std::int64_t> groups = groups_of(layer);
    std::vector<Moments> moments;
    for (std::int64_t group = 0; group <= static_cast<std::int64_t>(job_.sources.size()); ++group) {
        const at::Tensor columns = columns_of(groups, group);
        if (columns.numel() == 0) continue;
        Moments& of_group = moments.emplace_back();
        const TowerLayerRows& rows = layers_[static_cast<std::size_t>(layer)];
        std::vector<at::Tensor> read;
        for (const at::Tensor& raw : rows.raw) read.push_back(joined(raw, layer).index_select(1, columns));
        const at::Tensor even = evened(at::cat(read));
        std::int64_t first = 0;
        for (std::size_t level = 0; level < read.size(); ++level) {
            const std::int64_t end = first + read[level].size(0);
            of_group.add(layers_[static_cast<std::size_t>(layer - 1)].next[level], even.slice(0, first, end),
                         weight_of(group, level));
            first = end;
        }
    }
    return moments;
}

at::Tensor TowerFit::joined(const at::Tensor& rows, int layer) const {
    return at::matmul(rows, joins_[static_cast<std::size_t>(layer)].to(rows.scalar_type()).t());
}

/// By merged channel: the source whose channels it joins, or for those of several the number of sources.
std::vector<std::int64_t> TowerFit::groups_of(int layer) const {
    const at::Tensor& join = joins_[static_cast<std::size_t>(layer)];
    const auto mixed = static_cast<std::int64_t>(job_.sources.size());
    std::vector<std::int64_t> groups(static_cast<std::size_t>(join.size(0)), -1);
    const auto values = join.accessor<double, 2>();
    for (std::int64_t row = 0; row < join.size(0); ++row) {
        std::int64_t& group = groups[static_cast<std::size_t>(row)];
        for (std::int64_t c = 0; c < join.size(1); ++c) {
            if (values[row][c] == 0) continue;
            const std::int64_t owner = owners_[static_cast<std::size_t>(c)];
            group = group < 0 || group == owner ? owner : mixed;
        }
    }
    return groups;
}

at::Tensor TowerFit::weight_of(std::int64_t group, std::size_t level) const {
    if (group < static_cast<std::int64_t>(job_.sources.size())) {
        return job_.weights[static_cast<std::size_t>(group)][level];
    }
    at::Tensor sum = job_.weights.front()[level].clone();
    for (std::size_t s = 1; s < job_.weights.size(); ++s) sum += job_.weights[s][level];
    return sum / static_cast<double>(job_.weights.size());
}

std::vector<ColumnTargets> TowerFit::targets_of(int layer, const std::vector<at::Tensor>& inputs) const {
    const std::vector<std::int64_t> groups = groups_of(layer);
    const TowerLayerRows& rows = layers_[static_cast<std::size_t>(layer)];
    std::vector<ColumnTargets> targets;
    for (std::int64_t group = 0; group <= static_cast<std::int64_t>(job_.sources.size()); ++group) {
        const at::Tensor columns = columns_of(groups, group);
        if (columns.numel() != 0) targets.push_back({columns, {}});
    }
    for (std::size_t level = 0; level < inputs.size(); ++level) {
        const at::Tensor patches = patches_at(inputs[level], features_.cells[level].index);
        const at::Tensor wanted = joined(from_raw_ ? rows.raw[level] : rows.normed[level], layer);
        for (ColumnTargets& target : targets) {
            const std::int64_t group = groups[static_cast<std::size_t>(target.columns[0].item<std::int64_t>())];
            target.moments.add(patches, wanted.index_select(1, target.columns), weight_of(group, level));
        }
    }
    return targets;
}

void TowerFit::fit_layer(int layer, const std::vector<at::Tensor>& inputs, const LayerFitOptions& options) {
    const std::vector<ColumnTargets> targets = targets_of(layer, inputs);
    const std::string name = layer_name(job_.target, layer);
    if (job_.head.tower == TowerKind::conv) {
        const LayerWeights weights = fit_full_layer(targets, inputs.front().size(1), options);
        merged_.module().assign(name + ".conv.weight", weights.weight);
        return;
    }
    const LayerWeights weights = fit_separable_layer(targets, start_filters(layer), options);
    merged_.module().assign(name + ".dw.weight", weights.depthwise);
    merged_.module().assign(name + ".conv.weight", weights.weight);
}

/// Filters of the channels that the layer's input channels were joined from.
at::Tensor TowerFit::start_filters(int layer) const {
    std::vector<at::Tensor> filters;
    for (const std::string& source : job_.sources) {
        const at::Tensor own = source_.module().tensor(layer_name(source, layer) + ".dw.weight");
        const at::Tensor flat = own.detach().to(at::kDouble).flatten(1);
        filters.push_back(flat / flat.norm(2, {1}, true).clamp_min(1e-12));
    }
    if (layer == 0) return at::stack(filters).sum(0); // all read the trunk's channels
    return at::matmul(joins_[static_cast<std::size_t>(layer - 1)], at::cat(filters));
}

void TowerFit::fit_norms(int layer, const std::vector<at::Tensor>& inputs) {
    const std::vector<std::int64_t> groups = groups_of(layer);
    const std::string norm = layer_name(job_.target, layer) + "." + norm_part(job_.head);
    double lost = 0;
    for (std::size_t level = 0; level < inputs.size(); ++level) {
        const int number = features_.levels[level];
        NormFit fit(merged_.module(), norm + ".p" + std::to_string(number), job_.head.norm.kind);
        const std::string read = job_.head.norm.kind == NormKind::batch ? "conv" : norm_part(job_.head);
        const std::string given =
            layer == 0 ? features_.values[level] : tower_value(job_.target, layer - 1, output_part(job_.head), number);
        fit.reset();
        const at::Tensor values =
            run_named(merged_.module(), given, inputs[level], {tower_value(job_.target, layer, read, number)}).front();
        std::vector<at::Tensor> weights;
        for (const std::int64_t group : groups) weights.push_back(weight_of(group, level));
        const at::Tensor wanted = joined(layers_[static_cast<std::size_t>(layer)].normed[level], layer);
        lost += fit.fit(values, rows_at(values, features_.cells[level].index), wanted, at::stack(weights, 1));
    }
    layer_errors_.push_back(lost / static_cast<double>(inputs.size()));
}

std::vector<at::Tensor> TowerFit::outputs_of(int layer, const std::vector<at::Tensor>& inputs) {
    std::vector<at::Tensor> outputs;
    for (std::size_t level = 0; level < inputs.size(); ++level) {
        const int number = features_.levels[level];
        const std::string part = output_part(job_.head);
        const std::string given =
            layer == 0 ? features_.values[level] : tower_value(job_.target, layer - 1, part, number);
        outputs.push_back(
            run_named(merged_.module(), given, inputs[level], {tower_value(job_.target, layer, part, number)}).front());
    }
    return outputs;
}

} // namespace banyan
