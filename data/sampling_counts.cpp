#include "data/sampling_counts.h"

#include <cstdio>
#include <utility>

#include "core/check.h"

namespace banyan {

namespace {

template <typename Describe>
std::string joined(const std::vector<SampledRows>& list, Describe describe) {
    std::string text;
    for (const SampledRows& entry : list) text += (text.empty() ? "" : ", ") + entry.name + " " + describe(entry);
    return text;
}

template <typename Describe>
std::string joined(const SamplingCounts& counts, Describe describe) {
    return "data sets: " + joined(counts.datasets, describe) + "; branches: " + joined(counts.branches, describe);
}

std::string fixed(double number, int digits) {
    char text[48];
    std::snprintf(text, sizeof text, "%.*f", digits, number);
    return text;
}

void scale_expected(std::vector<SampledRows>& list, std::int64_t batches) {
    for (SampledRows& entry : list) entry.expected *= static_cast<double>(batches);
}

} // namespace

SamplingCounter::SamplingCounter(const std::vector<Dataset>& datasets, SamplingPlanOptions options)
    : datasets_(datasets), options_(std::move(options)), plan_(make_batch_plan(datasets, options_)) {
    const std::vector<SampledBranch>& branches = options_.sampling.branches;
    const std::vector<double> rows = plan_.expected_rows(), branch_rows = plan_.expected_group_rows();
    for (std::size_t d = 0; d < datasets.size(); ++d) {
        expected_.datasets.push_back({datasets[d].name(), 0, rows.at(d)});
        groups_.emplace_back();
        for (const Record& record : datasets[d].records()) groups_[d].push_back(branches_of(record, branches));
    }
    for (std::size_t b = 0; b < branches.size(); ++b) {
        expected_.branches.push_back({branches[b].name, 0, branch_rows.at(b)});
    }
}

SamplingCounts SamplingCounter::count(std::int64_t first, std::int64_t last) {
    BANYAN_CHECK(0 <= first && first <= last, "sampling counter: batches ", first, " to ", last);
    if (first != next_batch_) plan_ = make_batch_plan(datasets_, options_, first);
    next_batch_ = last;
    SamplingCounts counts = expected_;
    for (std::int64_t batch = first; batch < last; ++batch) {
        for (const BatchPlan::Row& row : plan_.next()) {
            const auto dataset = static_cast<std::size_t>(row.dataset);
            const std::uint64_t groups = groups_[dataset][static_cast<std::size_t>(row.record)];
            ++counts.datasets[dataset].rows;
            for (std::size_t b = 0; b < counts.branches.size(); ++b) counts.branches[b].rows += (groups >> b & 1) != 0;
        }
    }
    for (auto* list : {&counts.datasets, &counts.branches}) scale_expected(*list, last - first);
    return counts;
}

std::string expected_text(const SamplingCounts& counts) {
    return joined(counts, [](const SampledRows& entry) { return fixed(entry.expected, 2); });
}

std::string counted_text(const SamplingCounts& counts) {
    return joined(counts, [](const SampledRows& entry) {
        return std::to_string(entry.rows) + " (" + fixed(entry.expected, 1) + ")";
    });
}

} // namespace banyan
