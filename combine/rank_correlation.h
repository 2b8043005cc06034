#pragma once

#include <optional>
#include <vector>

namespace banyan {

/// Spearman's rank correlation of paired numbers; equal ones share their mean rank. Nothing below three pairs, or where
/// all numbers of one side are equal: then there is no order to agree with.
/// @throws CheckError lists of different lengths, a number that is not finite
std::optional<double> rank_correlation(const std::vector<double>& a, const std::vector<double>& b);

} // namespace banyan
