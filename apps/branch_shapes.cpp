#include "apps/branch_shapes.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "anchors/anchor_fit.h"
#include "core/task.h"

namespace banyan {

namespace {

bool serves(const BranchOptions& branch, const std::string& task) {
    return std::find(branch.tasks.begin(), branch.tasks.end(), task) != branch.tasks.end();
}

/// "sizes" of a config: [[[12, 14]], [[30, 33]]].
std::string sizes_json(const std::vector<std::vector<AnchorSize>>& sizes) {
    std::string text;
    for (const std::vector<AnchorSize>& level : sizes) {
        std::string list;
        for (const AnchorSize& size : level) {
            char pair[64];
            std::snprintf(pair, sizeof pair, "%s[%.1f, %.1f]", list.empty() ? "" : ", ", size.width_px, size.height_px);
            list += pair;
        }
        text += (text.empty() ? "[" : ", [") + list + "]";
    }
    return "[" + text + "]";
}

std::size_t distinct(const std::vector<AnchorSize>& shapes) {
    std::set<std::pair<double, double>> seen;
    for (const AnchorSize& shape : shapes) seen.insert({shape.width_px, shape.height_px});
    return seen.size();
}

} // namespace

std::vector<AnchorSize> branch_shapes(const BranchOptions& branch, const ModelOptions& model,
                                      const std::vector<Dataset>& datasets) {
    const ClassTable classes(model.tasks);
    std::vector<AnchorSize> shapes;
    for (const Dataset& dataset : datasets) {
        for (const Record& record : dataset.records()) {
            const double scale = static_cast<double>(model.input_side) / std::max(record.width, record.height);
            for (const LabelledBox& labelled : record.labels.boxes) {
                if (!serves(branch, classes.task_name_of(labelled.class_id))) continue;
                shapes.push_back({static_cast<double>(labelled.box.width()) * scale,
                                  static_cast<double>(labelled.box.height()) * scale});
            }
        }
    }
    return shapes;
}

std::string anchor_report(const BranchOptions& branch, const std::vector<AnchorSize>& shapes) {
    std::string text = "branch " + branch.name + ": " + std::to_string(shapes.size()) + " boxes\n";
    const std::size_t per_cell = anchors_per_cell(branch.anchors);
    if (shapes.empty()) return text;
    text += "the config's anchors\n" + describe(rate_anchors(shapes, branch.anchors), branch.anchors.levels);
    if (branch.anchors.kind == AnchorKind::points) return text + "points have no sizes to fit\n";
    AnchorFitOptions options;
    options.levels = branch.anchors.levels;
    options.per_level = static_cast<int>(per_cell);
    const std::size_t wanted = options.levels.size() * per_cell;
    if (distinct(shapes) < wanted) {
        return text + "too few boxes of different shapes to fit " + std::to_string(wanted) + " anchors\n";
    }
    const AnchorFit fit = fit_anchors(shapes, options);
    return text + "fitted anchors\n" + describe(fit, options.levels) + "\"sizes\": " + sizes_json(fit.sizes) + "\n";
}

} // namespace banyan
