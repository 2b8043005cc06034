#include "combine/rank_correlation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "core/check.h"

namespace banyan {

namespace {

constexpr std::size_t kFewestPairs = 3;

std::vector<double> ranks_of(const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> ranks(values.size());
    for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
        while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
        for (std::size_t i = first; i < last; ++i) ranks[order[i]] = static_cast<double>(first + last - 1) / 2;
    }
    return ranks;
}

} // namespace

std::optional<double> rank_correlation(const std::vector<double>& a, const std::vector<double>& b) {
    BANYAN_CHECK(a.size() == b.size(), "rank correlation: ", a.size(), " and ", b.size(), " numbers");
    const auto is_finite = [](double value) { return std::isfinite(value); };
    BANYAN_CHECK(std::all_of(a.begin(), a.end(), is_finite) && std::all_of(b.begin(), b.end(), is_finite),
                 "rank correlation: a number is not finite");
    if (a.size() < kFewestPairs) return std::nullopt;
    const std::vector<double> ranks_a = ranks_of(a), ranks_b = ranks_of(b);
    const double middle = static_cast<double>(a.size() - 1) / 2;
    double products = 0, squares_a = 0, squares_b = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        products += (ranks_a[i] - middle) * (ranks_b[i] - middle);
        squares_a += (ranks_a[i] - middle) * (ranks_a[i] - middle);
        squares_b += (ranks_b[i] - middle) * (ranks_b[i] - middle);
    }
    if (squares_a == 0 || squares_b == 0) return std::nullopt;
    return products / std::sqrt(squares_a * squares_b);
}

} // namespace banyan
