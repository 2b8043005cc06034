#pragma once

#include <cstddef>
#include <vector>

namespace banyan {

/// Distances to the sides of a box as distributions: instead of one number a side, a head gives `bins` logits for the
/// distances 0, 1, …, bins - 1 strides, and the side lies at the expectation of their softmax. An edge that is hard to
/// place gets a wide distribution instead of a wrong number. Source: "Generalized Focal Loss", arXiv:2006.04388, 3.2.

/// Expected distance in strides, in [0, bins - 1]; NaN where a logit is not finite.
/// @param logits [bins], bins >= 2
float expected_distance(const float* logits, std::size_t bins);

/// Logits of the widest distribution (of the largest entropy) with this mean: the start values of a head. They are
/// linear in the distance, i.e. the distribution is geometric. Its width gives all bins a share of the first gradients.
/// @param mean in (0, bins - 1) strides @throws CheckError a mean outside, less than 2 bins
std::vector<double> widest_distribution(std::size_t bins, double mean);

} // namespace banyan
