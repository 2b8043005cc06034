#include "combine/layer_fit.h"

#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

constexpr std::int64_t kPixels = 9;

std::int64_t outputs_of(const std::vector<ColumnTargets>& targets) {
    std::int64_t outputs = 0;
    for (const ColumnTargets& group : targets) outputs += group.columns.numel();
    return outputs;
}

at::Tensor unit_filters(const at::Tensor& filters) { return filters / filters.norm(2, {1}, true).clamp_min(1e-12); }

/// Filters and mixtures in turn, in float64.
class SeparableFit {
public:
    SeparableFit(const std::vector<ColumnTargets>& targets, const at::Tensor& start, double ridge)
        : targets_(targets), channels_(start.size(0)), ridge_(ridge), filters_(unit_filters(start.to(at::kDouble))),
          mixture_(at::zeros({outputs_of(targets), channels_ + 1}, at::kDouble)) {
        for (const ColumnTargets& group : targets) importance_.push_back(1 / group.moments.scatter().clamp_min(1e-12));
    }

    void fit_mixture() {
        const at::Tensor spread = spread_filters();
        for (const ColumnTargets& group : targets_) {
            const at::Tensor gram = at::matmul(at::matmul(spread, group.moments.gram()), spread.t());
            const at::Tensor cross = at::matmul(spread, group.moments.cross());
            const at::Tensor solution = at::linalg_solve(with_ridge(gram, ridge_), cross);
            mixture_.index_copy_(0, group.columns, solution.t().contiguous());
        }
    }

    void fit_filters() {
        const std::int64_t unknown = channels_ * kPixels;
        at::Tensor gram = at::zeros({unknown, unknown}, at::kDouble), cross = at::zeros({unknown}, at::kDouble);
        for (std::size_t g = 0; g < targets_.size(); ++g) {
            const Moments& moments = targets_[g].moments;
            const at::Tensor rows = mixture_.index_select(0, targets_[g].columns);
            const at::Tensor mixed = rows.slice(1, 0, channels_), constant = rows.select(1, channels_);
            const at::Tensor weighted = mixed * importance_[g].unsqueeze(1);
            const at::Tensor pairs = at::matmul(mixed.t(), weighted).reshape({channels_, 1, channels_, 1});
            const at::Tensor patches = moments.gram().slice(0, 0, unknown).slice(1, 0, unknown);
            gram += (patches.reshape({channels_, kPixels, channels_, kPixels}) * pairs).reshape({unknown, unknown});
            const at::Tensor sums = moments.gram().slice(0, 0, unknown).select(1, unknown);
            const at::Tensor rest = moments.cross().slice(0, 0, unknown) - at::outer(sums, constant);
            cross += (rest.reshape({channels_, kPixels, -1}) * weighted.t().unsqueeze(1)).sum(2).flatten();
        }
        filters_ = unit_filters(at::linalg_solve(with_ridge(gram, ridge_), cross).view({channels_, kPixels}));
    }

    LayerWeights weights() const {
        return {filters_.view({channels_, 1, 3, 3}),
                mixture_.slice(1, 0, channels_).contiguous().view({-1, channels_, 1, 1})};
    }

private:
    /// [C + 1, C * 9 + 1]: row c filters the patch of channel c; the constant stays.
    at::Tensor spread_filters() const {
        at::Tensor spread = at::zeros({channels_ + 1, channels_ * kPixels + 1}, at::kDouble);
        for (std::int64_t c = 0; c < channels_; ++c) {
            spread[c].slice(0, c * kPixels, (c + 1) * kPixels).copy_(filters_[c]);
        }
        spread[-1][-1] = 1;
        return spread;
    }

    const std::vector<ColumnTargets>& targets_;
    std::int64_t channels_;
    double ridge_;
    at::Tensor filters_, mixture_;
    std::vector<at::Tensor> importance_;
};

} // namespace

LayerWeights fit_full_layer(const std::vector<ColumnTargets>& targets, std::int64_t channels,
                            const LayerFitOptions& options) {
    BANYAN_CHECK(!targets.empty(), "layer fit: no targets");
    at::Tensor weight = at::zeros({outputs_of(targets), channels * kPixels}, at::kDouble);
    for (const ColumnTargets& group : targets) {
        const at::Tensor solution = group.moments.solve(options.ridge);
        weight.index_copy_(0, group.columns, solution.slice(0, 0, channels * kPixels).t().contiguous());
    }
    return {at::Tensor(), weight.view({-1, channels, 3, 3})};
}

LayerWeights fit_separable_layer(const std::vector<ColumnTargets>& targets, const at::Tensor& start,
                                 const LayerFitOptions& options) {
    BANYAN_CHECK(!targets.empty(), "layer fit: no targets");
    SeparableFit fit(targets, start, options.ridge);
    fit.fit_mixture();
    for (int round = 0; round < options.rounds; ++round) {
        fit.fit_filters();
        fit.fit_mixture();
    }
    return fit.weights();
}

} // namespace banyan
