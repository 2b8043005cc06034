#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace banyan {

/// Sums of a weighted least squares problem: targets y [n, k] from features x [n, m] and a constant, with one weight a
/// row. Rows come in portions; the sums are kept in float64. The constant stands behind the features, at index m.
class Moments {
public:
    /// @param x [n, m]; @param y [n, k]; @param weight [n], >= 0
    void add(const at::Tensor& x, const at::Tensor& y, const at::Tensor& weight);

    const at::Tensor& gram() const { return gram_; }   ///< [m + 1, m + 1]
    const at::Tensor& cross() const { return cross_; } ///< [m + 1, k]
    /// Weighted sum of the squares of each target around its mean, [k].
    at::Tensor scatter() const;
    /// The problem with only these features [m'] (and the constant).
    Moments of_features(const at::Tensor& features) const;

    /// Coefficients [m + 1, k] with least weighted error + ridge * (square of each, times its feature's sum of
    /// squares): the ridge is relative, so the scale of the features does not matter.
    at::Tensor solve(double ridge) const;
    /// Weighted sum of squared errors of each target, [k].
    at::Tensor errors(const at::Tensor& coefficients) const;

private:
    at::Tensor gram_, cross_, squares_;
};

/// A gram matrix with the ridge on its diagonal.
at::Tensor with_ridge(const at::Tensor& gram, double ridge);

} // namespace banyan
