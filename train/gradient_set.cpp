#include "train/gradient_set.h"

#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

GradientSet::GradientSet(const std::vector<at::Tensor>& losses, std::vector<at::Tensor> parameters)
    : parameters_(std::move(parameters)), reached_(parameters_.size(), false) {
    BANYAN_CHECK(!losses.empty() && !parameters_.empty(), "gradients: expected losses and parameters");
    std::vector<std::vector<at::Tensor>> gradients;
    for (const at::Tensor& loss : losses) {
        gradients.push_back(torch::autograd::grad({loss}, parameters_, {}, /*retain_graph=*/true,
                                                  /*create_graph=*/false, /*allow_unused=*/true));
        for (std::size_t p = 0; p < parameters_.size(); ++p) {
            if (gradients.back()[p].defined()) reached_[p] = true;
        }
    }
    const at::NoGradGuard no_gradient;
    std::vector<at::Tensor> rows;
    for (std::vector<at::Tensor>& row : gradients) {
        std::vector<at::Tensor> pieces{at::empty({0}, parameters_.front().options())};
        for (std::size_t p = 0; p < parameters_.size(); ++p) {
            if (!reached_[p]) continue;
            const at::Tensor& parameter = parameters_[p];
            pieces.push_back(row[p].defined() ? row[p].reshape({-1})
                                              : at::zeros({parameter.numel()}, parameter.options()));
        }
        rows.push_back(at::cat(pieces));
        row.clear(); // its memory is not needed twice
    }
    rows_ = at::stack(rows);
}

std::vector<std::vector<double>> GradientSet::inner_products() const {
    const at::NoGradGuard no_gradient;
    std::vector<std::vector<double>> products(size(), std::vector<double>(size()));
    for (std::size_t b = 0; b < size(); ++b) {
        for (std::size_t c = 0; c <= b; ++c) {
            const at::Tensor dot = at::dot(rows_[static_cast<std::int64_t>(b)], rows_[static_cast<std::int64_t>(c)]);
            products[b][c] = products[c][b] = dot.item<double>();
        }
    }
    return products;
}

std::vector<at::Tensor> GradientSet::combine(const std::vector<double>& factors) const {
    BANYAN_CHECK(factors.size() == size(), "gradients: ", factors.size(), " factors for ", size(), " losses");
    const at::NoGradGuard no_gradient;
    const at::Tensor weights = at::tensor(at::ArrayRef<double>(factors), at::kDouble).to(rows_.options());
    const at::Tensor sum = at::mv(rows_.t(), weights); // [losses, D] -> [D]
    std::vector<at::Tensor> combined(parameters_.size());
    std::int64_t begin = 0;
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
        if (!reached_[p]) continue;
        combined[p] = sum.slice(0, begin, begin + parameters_[p].numel()).view(parameters_[p].sizes());
        begin += parameters_[p].numel();
    }
    return combined;
}

} // namespace banyan
