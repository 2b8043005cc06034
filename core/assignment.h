#pragma once

#include <cstddef>
#include <vector>

namespace banyan {

/// The assignment problem: for each row a column of its own such that the costs add up to the least sum. Shortest
/// augmenting paths with dual prices (R. Jonker and A. Volgenant, "A Shortest Augmenting Path Algorithm for Dense and
/// Sparse Linear Assignment Problems", Computing 38, 1987), O(rows^2 * columns): some ms for 200 x 200.
/// @param cost [rows][columns], rows <= columns; any finite numbers
/// @return the column of each row; of equal sums the one found first, always the same
/// @throws CheckError rows of different lengths, more rows than columns, a cost that is not finite
std::vector<std::size_t> assign(const std::vector<std::vector<double>>& cost);

} // namespace banyan
