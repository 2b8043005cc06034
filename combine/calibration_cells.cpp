#include "combine/calibration_cells.h"

#include <algorithm>

#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

LevelCells choose_cells(const at::Tensor& scores, std::int64_t limit) {
    BANYAN_CHECK(limit >= 2, "calibration: expected at least 2 cells a level, found ", limit);
    const at::Tensor flat = scores.flatten();
    const std::int64_t total = flat.numel();
    const auto whole = at::TensorOptions().dtype(at::kLong);
    if (total <= limit) return {at::arange(total, whole), at::ones({total}, at::kFloat)};

    const std::int64_t sure = limit / 2, thinned = limit - sure;
    const at::Tensor by_score = at::argsort(flat, /*stable=*/true, /*dim=*/0, /*descending=*/true);
    const at::Tensor rest = std::get<0>(by_score.slice(0, sure).sort());
    const at::Tensor steps = at::arange(thinned, whole).mul(total - sure).floor_divide(thinned);
    const at::Tensor index = at::cat({by_score.slice(0, 0, sure), rest.index_select(0, steps)});
    const double stands_for = static_cast<double>(total - sure) / static_cast<double>(thinned);
    const at::Tensor count = at::cat({at::ones({sure}, at::kFloat), at::full({thinned}, stands_for, at::kFloat)});
    const auto [ascending, order] = index.sort();
    return {ascending, count.index_select(0, order)};
}

at::Tensor rows_at(const at::Tensor& value, const at::Tensor& index) {
    return value.permute({0, 2, 3, 1}).reshape({-1, value.size(1)}).index_select(0, index);
}

at::Tensor patches_at(const at::Tensor& value, const at::Tensor& index) {
    const std::int64_t height = value.size(2), width = value.size(3);
    const at::Tensor padded = at::constant_pad_nd(value, {1, 1, 1, 1}).permute({0, 2, 3, 1}).contiguous();
    const at::Tensor pixels = padded.view({-1, value.size(1)});
    const at::Tensor image = index.floor_divide(height * width), cell = index.remainder(height * width);
    const at::Tensor corner = (image * (height + 2) + cell.floor_divide(width)) * (width + 2) + cell.remainder(width);
    std::vector<at::Tensor> seen;
    for (std::int64_t y = 0; y < 3; ++y) {
        for (std::int64_t x = 0; x < 3; ++x) seen.push_back(pixels.index_select(0, corner + (y * (width + 2) + x)));
    }
    return at::stack(seen, 2).flatten(1);
}

} // namespace banyan
