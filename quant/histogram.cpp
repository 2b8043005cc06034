#include "quant/histogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/check.h"

namespace banyan {

namespace {

bool is_finite(float x) { return std::fabs(x) <= std::numeric_limits<float>::max(); }

std::size_t bins_of_side(double length, double width) { return static_cast<std::size_t>(std::ceil(length / width)); }

} // namespace

void ValueRange::add(std::span<const float> numbers) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    float low = min, high = max;
    std::int64_t finite_count = 0, zero_count = 0;
    for (const float x : numbers) {
        const bool finite = is_finite(x);
        low = std::min(low, finite ? x : kInfinity);
        high = std::max(high, finite ? x : -kInfinity);
        finite_count += finite ? 1 : 0;
        zero_count += x == 0 ? 1 : 0;
    }
    min = low;
    max = high;
    count += finite_count;
    zeros += zero_count;
    non_finite += static_cast<std::int64_t>(numbers.size()) - finite_count;
}

void ValueRange::merge(const ValueRange& other) {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    count += other.count;
    zeros += other.zeros;
    non_finite += other.non_finite;
}

Histogram::Histogram(std::string tensor, float low, float high, std::size_t bins)
    : tensor_(std::move(tensor)), low_(low), high_(high) {
    BANYAN_CHECK(low <= 0 && 0 <= high && is_finite(low) && is_finite(high), "histogram of \"", tensor_,
                 "\": expected finite low <= 0 <= high, found [", low, ", ", high, "]");
    BANYAN_CHECK(bins > 0, "histogram of \"", tensor_, "\": expected at least one bin");
    const double longer = std::max(-double{low}, double{high});
    std::size_t positive_bins = 1; // of a tensor of zeros: something for what the second pass may find
    if (longer > 0) {
        width_ = longer / static_cast<double>(bins);
        // Never more than `bins`, though longer / width may round up.
        negative_bins_ = std::min(bins, bins_of_side(-double{low}, width_));
        positive_bins = std::min(bins, bins_of_side(high, width_));
    }
    slots_.assign(negative_bins_ + positive_bins + 2, 0);
}

Histogram::Histogram(std::string tensor, const ValueRange& range, std::size_t bins)
    : Histogram(std::move(tensor), std::min(0.0F, range.min), std::max(0.0F, range.max), bins) {}

void Histogram::add(std::span<const float> numbers) {
    const double bins_a_unit = 1 / width_;
    const auto zero_bin = static_cast<double>(negative_bins_);
    const auto last_bin = static_cast<double>(counts().size() - 1);
    const std::size_t of_zero = zero_slot(), of_non_finite = non_finite_slot();
    std::int64_t* slots = slots_.data();
    std::int64_t outside_count = 0;
    for (const float x : numbers) {
        const bool finite = is_finite(x);
        // In this order of arguments a NaN becomes 0, which can be converted.
        const double place = std::min(std::max(0.0, double{x} * bins_a_unit + zero_bin), last_bin);
        const auto bin = static_cast<std::size_t>(static_cast<int>(place));
        const std::size_t slot = x == 0 ? of_zero : bin;
        ++slots[finite ? slot : of_non_finite];
        outside_count += static_cast<int>(finite) & (static_cast<int>(x < low_) | static_cast<int>(x > high_));
    }
    outside_ += outside_count;
}

void Histogram::merge(const Histogram& other) {
    const bool same_bins = low_ == other.low_ && high_ == other.high_ && slots_.size() == other.slots_.size();
    BANYAN_CHECK(tensor_ == other.tensor_ && same_bins, "histogram of \"", tensor_, "\" over [", low_, ", ", high_,
                 "] cannot be merged with that of \"", other.tensor_, "\" over [", other.low_, ", ", other.high_, "]");
    std::transform(slots_.begin(), slots_.end(), other.slots_.begin(), slots_.begin(), std::plus<>());
    outside_ += other.outside_;
}

Histogram Histogram::magnitudes() const {
    Histogram result(tensor_, 0, std::max(-low_, high_), std::max({negative_bins_, positive_bins(), std::size_t{1}}));
    for (std::size_t bin = 0; bin < counts().size(); ++bin) {
        const bool negative = bin < negative_bins_;
        result.slots_[negative ? negative_bins_ - 1 - bin : bin - negative_bins_] += slots_[bin];
    }
    result.slots_[result.zero_slot()] = zeros();
    result.slots_[result.non_finite_slot()] = non_finite();
    result.outside_ = outside_;
    return result;
}

std::int64_t Histogram::finite() const { return std::accumulate(slots_.begin(), slots_.end() - 1, std::int64_t{0}); }

} // namespace banyan
