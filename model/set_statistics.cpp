#include "model/set_statistics.h"

#include <charconv>
#include <numeric>

#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

std::vector<RowGroup> row_groups(const std::vector<std::int64_t>& row_sets, std::size_t sets) {
    std::vector<RowGroup> groups;
    std::vector<bool> seen(sets, false);
    for (const std::int64_t id : row_sets) {
        BANYAN_CHECK(id >= 0 && static_cast<std::size_t>(id) < sets, "row groups: expected a data set in [0, ", sets,
                     "), found ", id);
        const auto set = static_cast<std::size_t>(id);
        if (groups.empty() || groups.back().set != set) {
            BANYAN_CHECK(!seen[set], "row groups: the rows of data set ", id, " do not lie together");
            seen[set] = true;
            groups.push_back({set, 0});
        }
        ++groups.back().rows;
    }
    return groups;
}

std::string set_statistic_name(const std::string& statistic, std::size_t set) {
    return statistic + "@" + std::to_string(set);
}

std::optional<std::size_t> set_of_statistic(const std::string& name) {
    const std::size_t at = name.rfind('@');
    if (at == std::string::npos) return std::nullopt;
    std::size_t set = 0;
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + at + 1, end, set);
    return error == std::errc() && stop == end ? std::optional(set) : std::nullopt;
}

NormStatistics mixed_statistics(const std::vector<NormStatistics>& sets, const std::vector<double>& shares) {
    BANYAN_CHECK(!sets.empty() && sets.size() == shares.size(), "mixed statistics: ", sets.size(), " data sets, ",
                 shares.size(), " shares");
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    const torch::NoGradGuard no_grad;
    at::Tensor mean = at::zeros_like(sets[0].mean, at::kDouble), variance = at::zeros_like(mean);
    for (std::size_t i = 0; i < sets.size(); ++i) mean += sets[i].mean.to(at::kDouble) * (shares[i] / sum);
    for (std::size_t i = 0; i < sets.size(); ++i) {
        const at::Tensor off = sets[i].mean.to(at::kDouble) - mean;
        variance += (sets[i].variance.to(at::kDouble) + off * off) * (shares[i] / sum);
    }
    return {mean, variance};
}

} // namespace banyan
