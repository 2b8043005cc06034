#include "combine/output_rows.h"

#include <cmath>

#include "model/libtorch.h"

namespace banyan {

namespace {

std::string scale_name(const std::string& prefix, int level) {
    return prefix + "box_scale.p" + std::to_string(level) + ".scale";
}

/// [A * x, …] with the anchors chosen. @param anchors that the rows have
at::Tensor of_anchors(const at::Tensor& rows, std::int64_t anchors, const std::vector<std::int64_t>& chosen) {
    std::vector<std::int64_t> grouped{anchors, rows.size(0) / anchors};
    if (rows.dim() == 2) grouped.push_back(rows.size(1));
    const at::Tensor picked = rows.reshape(grouped).index_select(0, at::tensor(chosen, at::kLong));
    return picked.flatten(0, 1).contiguous();
}

/// dx, dy in anchor sizes, dw, dh as logarithms (anchors/box_coder.h): told by another anchor size.
void change_anchors(OutputRows& rows, const AnchorMap& map) {
    double scale = 0; // one bias serves all levels, each with its own scale behind it
    for (const at::Tensor& level : rows.box_scales) scale += level.item<double>();
    scale /= static_cast<double>(rows.box_scales.size());
    for (std::size_t slot = 0; slot < map.source.size(); ++slot) {
        const double ratios[] = {map.width_ratio[slot], map.height_ratio[slot]};
        for (std::int64_t axis = 0; axis < 2; ++axis) {
            const std::int64_t offset = static_cast<std::int64_t>(slot) * 4 + axis;
            if (std::abs(ratios[axis] - 1) < 1e-12) continue;
            rows.box_weight[offset] *= ratios[axis];
            rows.box_bias[offset] *= ratios[axis];
            if (scale != 0) rows.box_bias[offset + 2] += std::log(ratios[axis]) / scale;
        }
    }
}

} // namespace

OutputRows source_rows(const GraphModule& module, const TaskSource& task, const AnchorMap& map) {
    const std::string prefix = "branches." + task.branch.name + ".";
    const auto tensor = [&](const std::string& name) { return module.tensor(prefix + name).detach().cpu(); };
    const auto anchors = static_cast<std::int64_t>(anchors_per_cell(task.branch.options.anchors));
    const auto classes = static_cast<std::int64_t>(task.branch.class_count());
    const at::Tensor weight = tensor("cls.weight").flatten(1), bias = tensor("cls.bias");
    const std::int64_t end = task.first_class + task.classes;
    const at::Tensor own_weight =
        weight.reshape({anchors, classes, -1}).slice(1, task.first_class, end).reshape({anchors * task.classes, -1});
    const at::Tensor own_bias = bias.reshape({anchors, classes}).slice(1, task.first_class, end).flatten();
    OutputRows rows{of_anchors(own_weight, anchors, map.source),
                    of_anchors(own_bias, anchors, map.source),
                    of_anchors(tensor("box.weight").flatten(1), anchors, map.source),
                    of_anchors(tensor("box.bias"), anchors, map.source),
                    {}};
    for (const int level : task.branch.options.anchors.levels) {
        rows.box_scales.push_back(module.tensor(scale_name(prefix, level)).detach().cpu().clone());
    }
    if (!map.is_identity()) change_anchors(rows, map);
    return rows;
}

OutputRows joined_rows(const std::vector<OutputRows>& tasks, std::int64_t anchors) {
    OutputRows joined = tasks.front();
    std::vector<at::Tensor> weights, biases;
    for (const OutputRows& task : tasks) {
        weights.push_back(task.class_weight.reshape({anchors, -1, task.class_weight.size(1)}));
        biases.push_back(task.class_bias.reshape({anchors, -1}));
    }
    joined.class_weight = at::cat(weights, 1).flatten(0, 1);
    joined.class_bias = at::cat(biases, 1).flatten();
    return joined;
}

bool have_equal_boxes(const std::vector<OutputRows>& tasks) {
    const OutputRows& first = tasks.front();
    for (const OutputRows& task : tasks) {
        if (!at::equal(task.box_weight, first.box_weight) || !at::equal(task.box_bias, first.box_bias)) return false;
        for (std::size_t level = 0; level < first.box_scales.size(); ++level) {
            if (!at::equal(task.box_scales[level], first.box_scales[level])) return false;
        }
    }
    return true;
}

void centre_bins(OutputRows& rows, std::int64_t bins) {
    const auto centred = [&](const at::Tensor& values, at::IntArrayRef sides) {
        const at::Tensor grouped = values.reshape(sides);
        return (grouped - grouped.mean({1}, true)).reshape(values.sizes());
    };
    rows.box_weight = centred(rows.box_weight, {-1, bins, rows.box_weight.size(1)});
    rows.box_bias = centred(rows.box_bias, {-1, bins});
}

void write_rows(GraphModule& module, const std::string& outputs, const std::vector<int>& levels,
                const OutputRows& rows) {
    const std::string prefix = "branches." + outputs + ".";
    module.assign(prefix + "cls.weight", rows.class_weight.unsqueeze(2).unsqueeze(3));
    module.assign(prefix + "cls.bias", rows.class_bias);
    module.assign(prefix + "box.weight", rows.box_weight.unsqueeze(2).unsqueeze(3));
    module.assign(prefix + "box.bias", rows.box_bias);
    for (std::size_t i = 0; i < levels.size(); ++i) {
        module.assign(scale_name(prefix, levels[i]), rows.box_scales[i]);
    }
}

} // namespace banyan
