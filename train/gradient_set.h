#pragma once

#include <cstddef>
#include <vector>

#include <ATen/core/Tensor.h>

namespace banyan {

/// Gradients of several losses for the same parameters, side by side: what the branches each want of the trunk.
class GradientSet {
public:
    /// One backward pass a loss. Neither the parameters' own gradients nor the graph change, so that the sum of the
    /// losses may be propagated back afterwards, with the same bits as without this.
    /// @param losses scalars with gradient
    GradientSet(const std::vector<at::Tensor>& losses, std::vector<at::Tensor> parameters);

    std::size_t size() const { return static_cast<std::size_t>(rows_.size(0)); }
    /// Inner products of the gradients, [b][c]. What a loss does not reach counts as 0.
    std::vector<std::vector<double>> inner_products() const;
    /// Sum over b of factors[b] * gradient b, an entry for each parameter; undefined where no loss reaches it.
    std::vector<at::Tensor> combine(const std::vector<double>& factors) const;

private:
    std::vector<at::Tensor> parameters_;
    std::vector<bool> reached_; ///< by parameter: some loss has a gradient for it
    at::Tensor rows_;           ///< [losses, elements of the reached parameters]
};

} // namespace banyan
