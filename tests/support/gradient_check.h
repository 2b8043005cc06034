#pragma once

#include <functional>
#include <vector>

#include "support/tensor_close.h"

namespace banyan::test {

using ScalarFunction = std::function<at::Tensor(const at::Tensor&)>;

/// Gradient of a scalar function at x by autograd.
inline at::Tensor autograd_gradient(const ScalarFunction& function, const at::Tensor& x) {
    const at::Tensor leaf = x.detach().clone().requires_grad_(true);
    return torch::autograd::grad({function(leaf)}, {leaf})[0];
}

/// The same by central differences. @param x float64, contiguous
inline at::Tensor numeric_gradient(const ScalarFunction& function, const at::Tensor& x, double eps = 1e-6) {
    const torch::NoGradGuard no_grad;
    at::Tensor moved = x.detach().clone(), gradient = at::zeros_like(moved);
    auto* values = moved.mutable_data_ptr<double>();
    auto* slopes = gradient.mutable_data_ptr<double>();
    for (std::int64_t i = 0; i < moved.numel(); ++i) {
        const double value = values[i];
        values[i] = value + eps;
        const double above = function(moved).item<double>();
        values[i] = value - eps;
        const double below = function(moved).item<double>();
        values[i] = value;
        slopes[i] = (above - below) / (2 * eps);
    }
    return gradient;
}

/// Expects both to agree. Keep x away from kinks.
inline void expect_gradient(const ScalarFunction& function, const at::Tensor& x) {
    expect_close(autograd_gradient(function, x), numeric_gradient(function, x), {0, 1e-5});
}

} // namespace banyan::test
