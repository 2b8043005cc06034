#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "network/model_file.h"
#include "quant/fallback.h"
#include "quant/quantization_report.h"
#include "quant/sensitivity.h"

namespace banyan {

/// Layers that stay in floating point, and what decided it.
struct KeptLayers {
    FallbackFigures judged;
    Fallback fallback;

    /// Names of the nodes of the layers that were chosen, for QuantizeOptions::keep_float.
    std::vector<std::string> nodes(const Sensitivity& sensitivity) const;
};

/// What networks are judged on.
struct FallbackData {
    const std::vector<Dataset>& datasets;
    int threads = 0; ///< of the kernels; 0: all cores
};

/// The model with these nodes kept in floating point, in 8 bits otherwise.
using QuantizedModel = std::function<ModelFile(const std::vector<std::string>& kept_nodes)>;

/// Looks for the layers that must stay in floating point so that no task's AP50 falls by more than `most_drop` below
/// that of the model in float32. Each candidate is judged as `banyan detect` runs it.
/// @param model as it was trained
/// @throws DataError the data judges no task; Stopped
KeptLayers find_kept_layers(const ModelFile& model, const Sensitivity& sensitivity, const QuantizedModel& quantized,
                            const FallbackData& data, double most_drop);

} // namespace banyan
