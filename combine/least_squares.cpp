#include "combine/least_squares.h"

#include <algorithm>

#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

constexpr std::int64_t kPortion = 8192; ///< rows whose products are added up in the features' own precision

} // namespace

void Moments::add(const at::Tensor& x, const at::Tensor& y, const at::Tensor& weight) {
    BANYAN_CHECK(x.dim() == 2 && y.dim() == 2 && x.size(0) == y.size(0) && x.size(0) == weight.numel(),
                 "least squares: ", x.sizes(), " features, ", y.sizes(), " targets and ", weight.numel(), " weights");
    if (!gram_.defined()) {
        const auto options = at::TensorOptions().dtype(at::kDouble);
        gram_ = at::zeros({x.size(1) + 1, x.size(1) + 1}, options);
        cross_ = at::zeros({x.size(1) + 1, y.size(1)}, options);
        squares_ = at::zeros({y.size(1)}, options);
    }
    for (std::int64_t first = 0; first < x.size(0); first += kPortion) {
        const std::int64_t end = std::min(first + kPortion, x.size(0));
        const at::Tensor rows = at::cat({x.slice(0, first, end), at::ones({end - first, 1}, x.options())}, 1);
        const at::Tensor targets = y.slice(0, first, end);
        const at::Tensor factor = weight.slice(0, first, end).to(x.scalar_type()).unsqueeze(1);
        const at::Tensor weighted = (rows * factor).t();
        gram_ += at::matmul(weighted, rows).to(at::kDouble);
        cross_ += at::matmul(weighted, targets).to(at::kDouble);
        squares_ += (targets * targets * factor).sum(0).to(at::kDouble);
    }
}

at::Tensor Moments::scatter() const {
    const at::Tensor sums = cross_[-1];
    return (squares_ - sums * sums / gram_[-1][-1].clamp_min(1e-300)).clamp_min(0);
}

Moments Moments::of_features(const at::Tensor& features) const {
    const at::Tensor places = at::cat({features, at::full({1}, gram_.size(0) - 1, features.options())});
    Moments part;
    part.gram_ = gram_.index_select(0, places).index_select(1, places);
    part.cross_ = cross_.index_select(0, places);
    part.squares_ = squares_;
    return part;
}

at::Tensor Moments::solve(double ridge) const { return at::linalg_solve(with_ridge(gram_, ridge), cross_); }

at::Tensor Moments::errors(const at::Tensor& coefficients) const {
    const at::Tensor explained = (coefficients * (cross_ * 2 - at::matmul(gram_, coefficients))).sum(0);
    return (squares_ - explained).clamp_min(0);
}

at::Tensor with_ridge(const at::Tensor& gram, double ridge) {
    const at::Tensor diagonal = gram.diagonal();
    const at::Tensor floor = diagonal.mean() * 1e-6 + 1e-30; // features that are always 0 have a diagonal of 0
    return gram + at::diag(at::maximum(diagonal, floor) * ridge);
}

} // namespace banyan
