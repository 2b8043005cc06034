#include "heads/box_bins.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/check.h"

namespace banyan {

float expected_distance(const float* logits, std::size_t bins) {
    if (!std::all_of(logits, logits + bins, [](float logit) { return std::isfinite(logit); })) {
        return std::numeric_limits<float>::quiet_NaN();
    }
    const float largest = *std::max_element(logits, logits + bins);
    float sum = 0, weighted = 0;
    for (std::size_t i = 0; i < bins; ++i) {
        const float share = std::exp(logits[i] - largest); // that of the largest is 1
        sum += share;
        weighted += share * static_cast<float>(i);
    }
    return weighted / sum;
}

namespace {

double mean_of(double slope, std::size_t bins) {
    const double largest = std::max(0.0, slope * static_cast<double>(bins - 1));
    double sum = 0, weighted = 0;
    for (std::size_t i = 0; i < bins; ++i) {
        const double share = std::exp(slope * static_cast<double>(i) - largest);
        sum += share;
        weighted += share * static_cast<double>(i);
    }
    return weighted / sum;
}

} // namespace

std::vector<double> widest_distribution(std::size_t bins, double mean) {
    BANYAN_CHECK(bins >= 2, "box bins: expected at least 2, found ", bins);
    BANYAN_CHECK(mean > 0 && mean < static_cast<double>(bins - 1), "box bins: expected a mean in (0, ", bins - 1,
                 "), found ", mean);
    double low = -100, high = 100; // the mean rises with the slope; at +-100 it is at its ends up to rounding
    for (int halving = 0; halving < 100; ++halving) {
        const double middle = (low + high) / 2;
        (mean_of(middle, bins) < mean ? low : high) = middle;
    }
    std::vector<double> logits;
    const double centre = static_cast<double>(bins - 1) / 2; // logits of mean 0
    for (std::size_t i = 0; i < bins; ++i) logits.push_back(low * (static_cast<double>(i) - centre));
    return logits;
}

} // namespace banyan
