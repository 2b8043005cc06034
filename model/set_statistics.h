#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace banyan {

/// Statistics that a batch norm keeps for each data set while it trains: rows of different looks are not normalised by
/// each other's. Outside training there is one mean and one variance, those of the mixture of the data sets, so the
/// trained graph is a plain one.

/// Rows of one data set in a batch; they lie together.
struct RowGroup {
    std::size_t set = 0;
    std::int64_t rows = 0;
};

/// Groups of a batch. @param row_sets the data set of each row @param sets how many there are
/// @throws CheckError a data set that is none of them, or one whose rows do not lie together
std::vector<RowGroup> row_groups(const std::vector<std::int64_t>& row_sets, std::size_t sets);

/// "trunk.stem.bn.running_mean" of data set 2 is "trunk.stem.bn.running_mean@2".
std::string set_statistic_name(const std::string& statistic, std::size_t set);
/// The data set of a name that set_statistic_name made.
std::optional<std::size_t> set_of_statistic(const std::string& name);

/// One mean and variance a channel.
struct NormStatistics {
    at::Tensor mean, variance; ///< [C]
};

/// Statistics of a mixture that draws from data set i with probability shares[i] / sum of shares, by the law of total
/// variance: mean = E[mean_i], variance = E[variance_i] + E[(mean_i - mean)^2]. Computed in float64.
NormStatistics mixed_statistics(const std::vector<NormStatistics>& sets, const std::vector<double>& shares);

} // namespace banyan
