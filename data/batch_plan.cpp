#include "data/batch_plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/check.h"

namespace banyan {

namespace {

void check(const std::vector<BatchPlan::Set>& sets, int batch_size, std::int64_t first_batch) {
    BANYAN_CHECK(!sets.empty() && batch_size > 0 && first_batch >= 0, "batch plan: ", sets.size(),
                 " data sets, batch size ", batch_size, ", first batch ", first_batch);
    for (const BatchPlan::Set& set : sets) {
        BANYAN_CHECK(set.records > 0 && set.ratio > 0 && std::isfinite(set.ratio), "batch plan: a data set of ",
                     set.records, " records and ratio ", set.ratio);
        const auto records = static_cast<std::size_t>(set.records);
        BANYAN_CHECK(set.repeats.empty() || set.repeats.size() == records, "batch plan: ", set.repeats.size(),
                     " repeats of ", records, " records");
        BANYAN_CHECK(set.groups.empty() || set.groups.size() == records, "batch plan: groups of ", set.groups.size(),
                     " of ", records, " records");
    }
}

/// Records of a set that are dealt together.
struct Kind {
    std::vector<std::int64_t> records;
    std::vector<std::int64_t> repeats; ///< empty: once each
    std::int64_t weight = 0;           ///< rows of an epoch, in 1 / RecordCycle::kOnce
    std::vector<std::int64_t> group_weights = std::vector<std::int64_t>(RowDealer::kMaxGroups, 0);
};

/// By groups, or all under 0.
std::map<std::uint64_t, Kind> kinds_of(const BatchPlan::Set& set, bool by_groups) {
    std::map<std::uint64_t, Kind> kinds;
    for (std::size_t r = 0; r < static_cast<std::size_t>(set.records); ++r) {
        const std::uint64_t groups = set.groups.empty() ? 0 : set.groups[r];
        const std::int64_t repeat = set.repeats.empty() ? RecordCycle::kOnce : set.repeats[r];
        Kind& kind = kinds[by_groups ? groups : 0];
        kind.records.push_back(static_cast<std::int64_t>(r));
        if (!set.repeats.empty()) kind.repeats.push_back(repeat);
        kind.weight += repeat;
        for (std::size_t g = 0; g < RowDealer::kMaxGroups; ++g) {
            if ((groups >> g & 1) != 0) kind.group_weights[g] += repeat;
        }
    }
    return kinds;
}

/// Each kind of a data set has random streams of its own; the first has those of the data set.
std::uint64_t stream_of(std::size_t dataset, std::size_t kind) { return dataset | std::uint64_t{kind} << 16; }

} // namespace

std::vector<BatchPlan::Part> BatchPlan::make_parts(const std::vector<Set>& sets, std::uint64_t seed, bool by_groups) {
    std::vector<Part> parts;
    for (std::size_t dataset = 0; dataset < sets.size(); ++dataset) {
        std::map<std::uint64_t, Kind> kinds = kinds_of(sets[dataset], by_groups);
        double weight_sum = 0;
        for (const auto& [groups, kind] : kinds) weight_sum += static_cast<double>(kind.weight);
        std::size_t number = 0;
        for (auto& [groups, kind] : kinds) {
            const auto weight = static_cast<double>(kind.weight);
            std::vector<double> group_shares;
            for (const std::int64_t of_group : kind.group_weights) {
                group_shares.push_back(static_cast<double>(of_group) / weight);
            }
            parts.push_back(
                {static_cast<int>(dataset),
                 {sets[dataset].ratio * (weight / weight_sum), groups},
                 std::move(group_shares),
                 RecordCycle(std::move(kind.records), std::move(kind.repeats), seed, stream_of(dataset, number++)),
                 0});
        }
    }
    return parts;
}

std::vector<RowDealer::Part> BatchPlan::shares_of(const std::vector<Part>& parts) {
    std::vector<RowDealer::Part> shares;
    for (const Part& part : parts) shares.push_back(part.share);
    return shares;
}

BatchPlan::BatchPlan(const std::vector<Set>& sets, int batch_size, std::uint64_t seed, std::int64_t first_batch,
                     std::int64_t group_minimum)
    : parts_((check(sets, batch_size, first_batch), make_parts(sets, seed, group_minimum > 0))),
      dealer_(shares_of(parts_), batch_size, group_minimum) {
    for (std::int64_t batch = 0; batch < first_batch; ++batch) deal();
}

/// Rows of each part in the next batch; counted as dealt.
std::vector<std::int64_t> BatchPlan::deal() {
    std::vector<std::int64_t> counts = dealer_.deal();
    for (std::size_t part = 0; part < parts_.size(); ++part) parts_[part].dealt += counts[part];
    return counts;
}

std::vector<BatchPlan::Row> BatchPlan::next() {
    const std::vector<std::int64_t> counts = deal();
    std::vector<Row> rows;
    for (std::size_t p = 0; p < parts_.size(); ++p) {
        Part& part = parts_[p];
        for (std::int64_t position = part.dealt - counts[p]; position < part.dealt; ++position) {
            rows.push_back({part.dataset, part.cycle.at(position)});
        }
    }
    return rows;
}

std::vector<double> BatchPlan::expected_rows() const {
    const std::vector<double> of_parts = dealer_.expected_rows();
    std::vector<double> rows(static_cast<std::size_t>(parts_.back().dataset) + 1, 0.0);
    for (std::size_t p = 0; p < parts_.size(); ++p) rows[static_cast<std::size_t>(parts_[p].dataset)] += of_parts[p];
    return rows;
}

std::vector<double> BatchPlan::expected_group_rows() const {
    const std::vector<double> of_parts = dealer_.expected_rows();
    std::vector<double> rows(RowDealer::kMaxGroups, 0.0);
    for (std::size_t p = 0; p < parts_.size(); ++p) {
        for (std::size_t g = 0; g < rows.size(); ++g) rows[g] += of_parts[p] * parts_[p].group_shares[g];
    }
    return rows;
}

} // namespace banyan
