#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"
#include "quant/histogram.h"

namespace banyan::test {

/// A histogram over [low, high] with these numbers in its bins, as if added one by one.
inline Histogram histogram_of(float low, float high, std::size_t bins, const std::vector<std::int64_t>& counts) {
    Histogram result("x", low, high, bins);
    for (std::size_t bin = 0; bin < counts.size(); ++bin) {
        const auto middle = static_cast<float>((result.edge(bin) + result.edge(bin + 1)) / 2);
        result.add(std::vector<float>(static_cast<std::size_t>(counts[bin]), middle));
    }
    return result;
}

/// Counts that fall off as those of real tensors do, with noise, holes and a few outliers.
inline std::vector<std::int64_t> random_counts(Random& random, std::size_t bins) {
    const double decay = random.uniform(0.5, 12) / static_cast<double>(bins), hole = random.uniform(0, 0.3);
    std::vector<std::int64_t> counts(bins, 0);
    for (std::size_t bin = 0; bin < bins; ++bin) {
        const double mean = 60 * std::exp(-decay * static_cast<double>(bin));
        if (!random.chance(hole)) counts[bin] = static_cast<std::int64_t>(mean * random.uniform(0.2, 1.8));
    }
    counts.back() += random.integer(1, 3);
    return counts;
}

inline std::vector<float> normal_numbers(std::size_t count, std::uint64_t seed) {
    Random random(seed);
    std::vector<float> numbers(count);
    for (float& x : numbers) x = static_cast<float>(random.normal());
    return numbers;
}

} // namespace banyan::test
