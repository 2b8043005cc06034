#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "combine/layer_fit.h"
#include "combine/tower_rows.h"
#include "model/multi_task_model.h"

namespace banyan {

/// Something that is read, linearly, from the last features of a source tower.
struct TowerReading {
    std::size_t source = 0;
    at::Tensor weight, bias;         ///< [k, W], [k]
    std::vector<at::Tensor> weights; ///< a level, [n] of the cells
};

/// One tower to be made of several.
struct TowerJob {
    std::string target;                             ///< "branches.person+torso.tower"
    std::vector<std::string> sources;               ///< the towers in the source network
    HeadOptions head;                               ///< of the target
    std::vector<std::vector<at::Tensor>> weights{}; ///< [source][level], [n] of the cells
    std::vector<TowerReading> readings{};
};

/// How channels of towers become channels of one.
enum class TowerMethod {
    automatic,   ///< both, and that is taken whose outputs are nearer to the sources'
    average,     ///< channels matched by correlation are averaged; towers of one width only
    concatenate, ///< towers side by side, slimmed to the channels that their readers need most
};

/// Fits the target tower in `merged`, layer by layer from the trunk on: convolutions by least squares on the features
/// that the merged layers before really give, norms level by level, with all activations of the sources as the goal.
class TowerFit {
public:
    /// All must outlive the fit.
    TowerFit(MultiTaskModel& source, MultiTaskModel& merged, const CalibrationFeatures& features, const TowerJob& job);

    void run(TowerMethod method, const LayerFitOptions& options);

    /// Last features at the cells, a level, [n, W]: of the merged tower, and of one of the sources.
    const std::vector<at::Tensor>& merged_rows() const { return merged_rows_; }
    std::vector<at::Tensor> source_rows(std::size_t source) const;
    /// Of each layer: share of the scatter of its channels that is lost, mean over channels and levels.
    const std::vector<double>& layer_errors() const { return layer_errors_; }

private:
    void choose_joins(TowerMethod method, double ridge);
    std::vector<Moments> last_readings() const;
    std::vector<Moments> readings_of_layer(int layer) const;
    std::vector<ColumnTargets> targets_of(int layer, const std::vector<at::Tensor>& inputs) const;
    void fit_layer(int layer, const std::vector<at::Tensor>& inputs, const LayerFitOptions& options);
    void fit_norms(int layer, const std::vector<at::Tensor>& inputs);
    std::vector<at::Tensor> outputs_of(int layer, const std::vector<at::Tensor>& inputs);
    at::Tensor start_filters(int layer) const;
    at::Tensor joined(const at::Tensor& rows, int layer) const;
    std::vector<std::int64_t> groups_of(int layer) const;
    at::Tensor weight_of(std::int64_t group, std::size_t level) const;

    MultiTaskModel& source_;
    MultiTaskModel& merged_;
    const CalibrationFeatures& features_;
    const TowerJob& job_;
    bool from_raw_ =
        true; ///< whether convolutions go for the sources' convolutions, or for what their norms make of it
    std::vector<std::int64_t> owners_; ///< [S] the source of each channel
    std::vector<TowerLayerRows> layers_;
    std::vector<at::Tensor> joins_; ///< a layer, [W, S]
    std::vector<at::Tensor> merged_rows_;
    std::vector<double> layer_errors_;
};

} // namespace banyan
