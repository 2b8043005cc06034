#include "quant/quantization_error.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace banyan {

QuantizationError::QuantizationError(const Histogram& histogram)
    : width_(histogram.bin_width()), zero_bin_(static_cast<double>(histogram.negative_bins())),
      counts_(histogram.counts().begin(), histogram.counts().end()), up_to_edge_(counts_.size() + 1) {
    for (std::size_t bin = 0; bin < counts_.size(); ++bin) {
        const double a = histogram.edge(bin), b = histogram.edge(bin + 1), count = counts_[bin];
        const PowerSums& before = up_to_edge_[bin];
        up_to_edge_[bin + 1] = {before.count + count, before.first + count * (a + b) / 2,
                                before.second + count * (a * a + a * b + b * b) / 3};
    }
}

QuantizationError::PowerSums QuantizationError::up_to(double x) const {
    const double place = std::clamp(x / width_ + zero_bin_, 0.0, static_cast<double>(counts_.size()));
    const std::size_t bin = std::min(static_cast<std::size_t>(static_cast<int>(place)), counts_.size() - 1);
    const auto from = static_cast<double>(bin);
    const double a = (from - zero_bin_) * width_, b = (place - zero_bin_) * width_;
    const double count = counts_[bin] * (place - from);
    const PowerSums& before = up_to_edge_[bin];
    return {before.count + count, before.first + count * (a + b) / 2,
            before.second + count * (a * a + a * b + b * b) / 3};
}

double QuantizationError::squared(const Quantization& quantization, IntegerType type) const {
    const double scale = quantization.scale;
    PowerSums below;
    double error = 0;
    for (int integer = lowest_of(type); integer <= highest_of(type); ++integer) {
        const double value = (integer - quantization.zero_point) * scale;
        const PowerSums above = integer == highest_of(type) ? up_to_edge_.back() : up_to(value + scale / 2);
        error += above.second - below.second - 2 * value * (above.first - below.first) +
                 value * value * (above.count - below.count);
        below = above;
    }
    return std::max(error, 0.0);
}

double sqnr_db(double signal, double noise) {
    if (noise <= 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(signal / noise);
}

double sqnr_db(const Histogram& histogram, const QuantRange& range, IntegerType type) {
    const QuantizationError error(histogram);
    return sqnr_db(error.signal(), error.squared(quantization_of(range, type), type));
}

double clipped_share(const Histogram& histogram, const QuantRange& range) {
    std::int64_t clipped = 0;
    for (std::size_t bin = 0; bin < histogram.counts().size(); ++bin) {
        const double middle = (histogram.edge(bin) + histogram.edge(bin + 1)) / 2;
        if (middle < double{range.low} || middle > double{range.high}) clipped += histogram.counts()[bin];
    }
    const std::int64_t all = histogram.finite();
    return all > 0 ? static_cast<double>(clipped) / static_cast<double>(all) : 0;
}

} // namespace banyan
