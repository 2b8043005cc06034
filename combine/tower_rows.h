#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "combine/calibration_cells.h"
#include "model/multi_task_model.h"

namespace banyan {

/// The trunk's features of the calibration pictures, with the cells at which merged branches are fitted.
struct CalibrationFeatures {
    std::vector<int> levels;
    std::vector<at::Tensor> maps;    ///< a level, [N, C, H, W]
    std::vector<LevelCells> cells;   ///< a level
    std::vector<std::string> values; ///< names of the trunk values, the same in source and merged network
};

/// Value of a tower's layer: "branches.face.tower.0.conv.p3" of the part "conv".
std::string tower_value(const std::string& tower, int layer, const std::string& part, int level);
/// Names of the parts of a layer ("conv", its norm, its output) as nodes are named (graph/builder.h).
std::string norm_part(const HeadOptions& head);
std::string output_part(const HeadOptions& head);

/// What one layer of several towers gives at the cells, the towers' channels side by side: a level, [n, S].
struct TowerLayerRows {
    std::vector<at::Tensor> raw;    ///< of the convolution
    std::vector<at::Tensor> normed; ///< of the norm
    std::vector<at::Tensor> active; ///< of the layer
    std::vector<at::Tensor> next; ///< what the next layer mixes: its filtered channels, or patches [n, S * 9] of theirs
};

/// All layers of these towers on the features. @param head of each tower (but for widths they are alike)
std::vector<TowerLayerRows> read_towers(GraphModule& module, const std::vector<std::string>& towers,
                                        const HeadOptions& head, const CalibrationFeatures& features);

/// Last features of one tower at the cells, a level, [n, W]; the trunk's where the tower has no layer.
std::vector<at::Tensor> last_rows(GraphModule& module, const std::string& tower, const HeadOptions& head,
                                  const CalibrationFeatures& features);

/// Values by name from given ones by name. @throws CheckError a name that the graph does not have
std::vector<at::Tensor> run_named(GraphModule& module, const std::string& given, const at::Tensor& tensor,
                                  const std::vector<std::string>& targets);

} // namespace banyan
