#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "combine/least_squares.h"

namespace banyan {

/// Output channels of a convolution that are fitted with one weight of the cells.
struct ColumnTargets {
    at::Tensor columns; ///< [k] int64, of the layer's output channels
    Moments moments;    ///< of the 3x3 patches [C * 9] against what these channels are to give
};

struct LayerFitOptions {
    double ridge = 1e-4;
    int rounds = 12; ///< of separable layers: filters and mixtures in turn
};

/// Weights of a 3x3 layer in the layout of the graph's convolutions. The constant of the fit belongs to the norm.
struct LayerWeights {
    at::Tensor depthwise; ///< [C, 1, 3, 3], of separable layers only
    at::Tensor weight;    ///< [O, C, 1, 1] of separable layers, else [O, C, 3, 3]
};

/// The full 3x3 convolution with the least weighted squared error.
LayerWeights fit_full_layer(const std::vector<ColumnTargets>& targets, std::int64_t channels,
                            const LayerFitOptions& options);

/// The separable layer: one filter d[c] a channel and the mixture p of what the filters give. For given filters the
/// best mixture is linear least squares, and so are the best filters for a given mixture; in turns neither raises the
/// error, in which each output counts relative to its own scatter. All sums that this needs are those of the patches.
/// @param start [C, 9] filters to begin with
LayerWeights fit_separable_layer(const std::vector<ColumnTargets>& targets, const at::Tensor& start,
                                 const LayerFitOptions& options);

} // namespace banyan
