#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "combine/task_affinity.h"

namespace banyan {

/// Sum of `hits` over sum of `trials`, which were counted image by image; its error takes the images, not what is in
/// them, for independent (the linearised ratio estimator: Cochran, "Sampling Techniques", 1977, section 6.4).
/// @param hits, trials [images] of equal length
MeasuredMean ratio_of_sums(const std::vector<double>& hits, const std::vector<double>& trials);

/// Standard deviation; NaN of fewer than two values.
double spread_of(const std::vector<double>& values);

/// The standard deviation of `statistic` over resamples of the images: `weights` [images] tells how often each was
/// drawn. NaN where fewer than two resamples give a finite value.
double bootstrap_error(std::size_t images, std::size_t resamples, std::uint64_t seed,
                       const std::function<double(const std::vector<int>& weights)>& statistic);

} // namespace banyan
