#include "combine/norm_fit.h"

#include <utility>

#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

constexpr double kEpsilon = 1e-5; ///< of the towers' batch norms (graph/builder.h)

struct Line {
    at::Tensor factor, shift; ///< [C]
    double lost = 0;
};

/// Least squares with one factor and shift a channel, weighted.
Line fitted_line(const at::Tensor& x, const at::Tensor& y, const at::Tensor& weights) {
    const at::Tensor share = weights / weights.sum(0);
    const at::Tensor mean_x = (x * share).sum(0), mean_y = (y * share).sum(0);
    const at::Tensor dx = x - mean_x, dy = y - mean_y;
    const at::Tensor variance_x = (dx * dx * share).sum(0), variance_y = (dy * dy * share).sum(0);
    const at::Tensor factor = (dx * dy * share).sum(0) / variance_x.clamp_min(1e-12);
    const at::Tensor rest = ((dy - dx * factor).square() * share).sum(0);
    const at::Tensor living = variance_y > 1e-10;
    double lost = 0;
    if (living.any().item<bool>())
        lost = (rest / variance_y.clamp_min(1e-10)).masked_select(living).mean().item<double>();
    return {factor, mean_y - mean_x * factor, lost};
}

} // namespace

NormFit::NormFit(GraphModule& module, std::string norm, NormKind kind)
    : module_(module), norm_(std::move(norm)), kind_(kind) {}

void NormFit::reset() {
    const at::Tensor weight = module_.tensor(norm_ + ".weight");
    module_.assign(norm_ + ".weight", at::ones_like(weight));
    module_.assign(norm_ + ".bias", at::zeros_like(weight));
}

double NormFit::fit(const at::Tensor& values, const at::Tensor& rows, const at::Tensor& wanted,
                    const at::Tensor& weights) {
    const Line line = fitted_line(rows.to(at::kDouble), wanted.to(at::kDouble), weights.to(at::kDouble));
    if (kind_ == NormKind::group) {
        module_.assign(norm_ + ".weight", line.factor);
        module_.assign(norm_ + ".bias", line.shift);
        return line.lost;
    }
    const at::Tensor all = values.to(at::kDouble);
    const at::Tensor mean = all.mean({0, 2, 3});
    const at::Tensor variance = all.var({0, 2, 3}, /*unbiased=*/false);
    module_.assign(norm_ + ".running_mean", mean);
    module_.assign(norm_ + ".running_var", variance);
    module_.assign(norm_ + ".weight", line.factor * (variance + kEpsilon).sqrt());
    module_.assign(norm_ + ".bias", line.shift + line.factor * mean);
    return line.lost;
}

} // namespace banyan
