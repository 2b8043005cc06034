#include "quant/thresholds.h"

#include <algorithm>
#include <limits>

#include "core/check.h"
#include "quant/entropy_threshold.h"
#include "quant/range_search.h"

namespace banyan {

namespace {

QuantRange min_max(const Histogram& histogram, IntegerType type) {
    if (type == IntegerType::u8) return {histogram.low(), histogram.high()};
    const float largest = std::max(-histogram.low(), histogram.high());
    return {-largest, largest};
}

/// [-threshold, threshold], cut to what was seen when the type is not symmetric.
QuantRange within(const Histogram& histogram, double threshold, IntegerType type) {
    const QuantRange widest = min_max(histogram, type);
    const auto end = static_cast<float>(threshold);
    return {std::max(-end, widest.low), std::min(end, widest.high)};
}

/// How far from zero the numbers of one side go when the farthest `tail` of them are left out.
/// @param counts of that side, from zero on
double reach(const std::vector<std::int64_t>& counts, double tail, double bin_width) {
    for (std::size_t bin = counts.size(); bin > 0; --bin) {
        const auto count = static_cast<double>(counts[bin - 1]);
        if (count > tail) return (static_cast<double>(bin) - tail / count) * bin_width;
        tail -= count;
    }
    return 0;
}

QuantRange percentile(const Histogram& histogram, const RangeOptions& options) {
    BANYAN_CHECK(options.percentile > 0 && options.percentile <= 100, "expected a percentile in (0, 100], found ",
                 options.percentile);
    const double clipped_share = 1 - options.percentile / 100;
    const Histogram magnitudes = histogram.magnitudes();
    const auto numbers = static_cast<double>(magnitudes.finite() - magnitudes.zeros());
    const double width = histogram.bin_width();
    if (options.type == IntegerType::s8) {
        const std::vector<std::int64_t> sizes(magnitudes.counts().begin(), magnitudes.counts().end());
        return within(histogram, reach(sizes, clipped_share * numbers, width), options.type);
    }
    const auto middle = histogram.counts().begin() + static_cast<std::ptrdiff_t>(histogram.negative_bins());
    const std::vector<std::int64_t> above(middle, histogram.counts().end());
    std::vector<std::int64_t> below(histogram.counts().begin(), middle);
    std::reverse(below.begin(), below.end());
    const bool two_sided = histogram.low() < 0 && histogram.high() > 0;
    const double tail = clipped_share * numbers / (two_sided ? 2 : 1);
    return {std::max(histogram.low(), static_cast<float>(-reach(below, tail, width))),
            std::min(histogram.high(), static_cast<float>(reach(above, tail, width)))};
}

/// Integers for |x| in [0, threshold].
std::size_t levels_of_magnitudes(const Histogram& histogram, IntegerType type) {
    if (type == IntegerType::s8) return 128;
    const double low = histogram.low(), high = histogram.high();
    return 1 + static_cast<std::size_t>(255 * std::max(-low, high) / (high - low));
}

QuantRange kl(const Histogram& histogram, IntegerType type) {
    const Histogram magnitudes = histogram.magnitudes();
    const std::size_t kept = entropy_threshold(magnitudes.counts(), levels_of_magnitudes(histogram, type));
    return within(histogram, magnitudes.edge(kept), type);
}

QuantRange best(const Histogram& histogram, const RangeOptions& options) {
    BANYAN_CHECK(!options.candidates.empty(), "choose_range: `best` of no methods");
    const QuantizationError error(histogram);
    QuantRange chosen;
    double least = std::numeric_limits<double>::infinity();
    for (const RangeMethod method : options.candidates) {
        BANYAN_CHECK(method != RangeMethod::best, "choose_range: `best` cannot be among its own candidates");
        const QuantRange range = choose_range(histogram, method, options);
        const double squared = error.squared(quantization_of(range, options.type), options.type);
        if (squared >= least) continue;
        least = squared;
        chosen = range;
    }
    return chosen;
}

void check_usable(const Histogram& histogram) {
    BANYAN_CHECK(histogram.non_finite() == 0, "quantisation of \"", histogram.tensor(), "\": expected finite numbers, ",
                 histogram.non_finite(), " were NaN or infinite");
    BANYAN_CHECK(histogram.finite() > 0, "quantisation of \"", histogram.tensor(), "\": its histogram is empty");
}

} // namespace

const NameTable<RangeMethod>& range_method_names() {
    static const NameTable<RangeMethod> table{{"min_max", RangeMethod::min_max},
                                              {"percentile", RangeMethod::percentile},
                                              {"mse", RangeMethod::mse},
                                              {"kl", RangeMethod::kl},
                                              {"best", RangeMethod::best}};
    return table;
}

QuantRange choose_range(const Histogram& histogram, RangeMethod method, const RangeOptions& options) {
    check_usable(histogram);
    if (histogram.low() == histogram.high()) return {};
    switch (method) {
    case RangeMethod::min_max: return min_max(histogram, options.type);
    case RangeMethod::percentile: return percentile(histogram, options);
    case RangeMethod::mse: return least_error_range(histogram, options.type);
    case RangeMethod::kl: return kl(histogram, options.type);
    case RangeMethod::best: return best(histogram, options);
    }
    return {};
}

} // namespace banyan
