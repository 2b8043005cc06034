#include "combine/branch_calibration.h"

#include <algorithm>

#include "model/libtorch.h"

namespace banyan {

namespace {

constexpr std::int64_t kPortion = 8; ///< pictures that run together

/// The source network's values of the calibration pictures, in the order of the ids.
std::vector<at::Tensor> values_of(MultiTaskModel& source, const std::vector<ValueId>& ids, const at::Tensor& pictures) {
    std::vector<std::vector<at::Tensor>> portions(ids.size());
    for (std::int64_t first = 0; first < pictures.size(0); first += kPortion) {
        const at::Tensor portion = pictures.slice(0, first, std::min(first + kPortion, pictures.size(0)));
        RunRequest request;
        request.given[source.module().graph().input] = source.normalise(portion);
        request.targets = ids;
        const std::map<ValueId, at::Tensor> values = source.module().run(request);
        for (std::size_t i = 0; i < ids.size(); ++i) portions[i].push_back(values.at(ids[i]));
    }
    std::vector<at::Tensor> joined;
    for (const std::vector<at::Tensor>& parts : portions) joined.push_back(at::cat(parts));
    return joined;
}

/// Scores [N, A, H, W] of a task at the united anchors: the best of its classes.
at::Tensor scores_of(const at::Tensor& logits, const TaskSource& task, const AnchorMap& map) {
    const auto anchors = static_cast<std::int64_t>(anchors_per_cell(task.branch.options.anchors));
    const auto classes = static_cast<std::int64_t>(task.branch.class_count());
    const at::Tensor grouped = logits.reshape({logits.size(0), anchors, classes, logits.size(2), logits.size(3)});
    const at::Tensor best = grouped.slice(2, task.first_class, task.first_class + task.classes).amax({2}).sigmoid();
    return best.index_select(1, at::tensor(map.source, at::kLong));
}

/// Fills in one level. @param scores of each task, [N, A, H, W]
void weigh_level(BranchCalibration& calibration, const std::vector<at::Tensor>& scores,
                 const CalibrationOptions& options) {
    at::Tensor best = scores.front().amax({1});
    for (const at::Tensor& task : scores) best = at::maximum(best, task.amax({1}));
    const LevelCells cells = choose_cells(best, options.cells);
    for (std::size_t t = 0; t < scores.size(); ++t) {
        const at::Tensor own = rows_at(scores[t], cells.index);
        calibration.tasks[t].cells.push_back((own.amax({1}) + options.background) * cells.count);
        calibration.tasks[t].anchors.push_back(own.square() * cells.count.unsqueeze(1));
    }
    calibration.features.cells.push_back(cells);
}

} // namespace

BranchCalibration calibrate(MultiTaskModel& source, const BranchSources& branch, const std::vector<AnchorMap>& maps,
                            const at::Tensor& pictures, const CalibrationOptions& options) {
    BranchCalibration calibration;
    calibration.tasks.resize(branch.tasks.size());
    calibration.features.levels = branch.target.anchors.levels;
    const std::vector<ValueId>& features = branch.tasks.front().branch.features;
    std::vector<ValueId> ids = features;
    for (const TaskSource& task : branch.tasks) {
        ids.insert(ids.end(), task.branch.class_values.begin(), task.branch.class_values.end());
    }
    const std::vector<at::Tensor> values = values_of(source, ids, pictures);
    const std::size_t levels = features.size();
    for (std::size_t level = 0; level < levels; ++level) {
        calibration.features.values.push_back(source.module().graph().value(features[level]).name);
        calibration.features.maps.push_back(values[level]);
        std::vector<at::Tensor> scores;
        for (std::size_t t = 0; t < branch.tasks.size(); ++t) {
            scores.push_back(scores_of(values[(t + 1) * levels + level], branch.tasks[t], maps[t]));
        }
        weigh_level(calibration, scores, options);
    }
    return calibration;
}

} // namespace banyan
