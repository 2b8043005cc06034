#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace banyan {

/// Cells of one level at which a transplant looks: all where something may be, and an even choice of the background.
struct LevelCells {
    at::Tensor index; ///< [n] int64, ascending, of the N * H * W cells of the level
    at::Tensor count; ///< [n] float, how many cells each stands for
};

/// @param scores [N, H, W] how likely there is something; @param limit at most so many cells (>= 2)
LevelCells choose_cells(const at::Tensor& scores, std::int64_t limit);

/// The chosen cells of a value [N, C, H, W] as rows [n, C].
at::Tensor rows_at(const at::Tensor& value, const at::Tensor& index);
/// What a 3x3 convolution padded with zeros sees there: [n, C * 9], the 9 pixels of a channel together.
at::Tensor patches_at(const at::Tensor& value, const at::Tensor& index);

} // namespace banyan
