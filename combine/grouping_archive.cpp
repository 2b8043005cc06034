#include "combine/grouping_archive.h"

#include <algorithm>
#include <cmath>

namespace banyan {

namespace {

constexpr double kRounding = 1e-12; ///< sums that differ by less, relatively, are equal

bool at_most(double a, double b) { return a <= b + kRounding * std::abs(b); }

} // namespace

std::vector<std::size_t> PartialGrouping::chosen() const {
    std::vector<std::size_t> candidates;
    for (const ChosenGroup& part : parts) candidates.push_back(part.candidate);
    return candidates;
}

GroupingArchive::GroupingArchive(const SearchOptions& options, std::size_t task_count)
    : max_cost_(options.max_cost), max_groups_(options.max_groups), limits_groups_(options.max_groups < task_count) {}

bool GroupingArchive::keeps_limits(const PartialGrouping& grouping) const {
    return at_most(grouping.cost, max_cost_) && grouping.parts.size() <= max_groups_;
}

bool GroupingArchive::beats(const PartialGrouping& a, const PartialGrouping& b) const {
    return at_most(a.cost, b.cost) && at_most(a.loss, b.loss) && (!limits_groups_ || a.parts.size() <= b.parts.size());
}

void GroupingArchive::add(PartialGrouping grouping) {
    const bool is_valid = keeps_limits(grouping);
    if (holds_valid_ && !is_valid) return;
    const auto beats_it = [&](const Entry& entry) { return beats(entry.grouping, grouping); };
    if (std::any_of(entries_.begin(), entries_.end(), beats_it)) return;
    std::erase_if(entries_, [&](const Entry& entry) {
        return (is_valid && !keeps_limits(entry.grouping)) || beats(grouping, entry.grouping);
    });
    holds_valid_ = holds_valid_ || is_valid;
    entries_.push_back({std::move(grouping), false});
}

const PartialGrouping* GroupingArchive::take() {
    const auto next =
        std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return !entry.was_taken; });
    if (next == entries_.end()) return nullptr;
    next->was_taken = true;
    return &next->grouping;
}

std::vector<std::vector<std::size_t>> GroupingArchive::choices() const {
    std::vector<std::vector<std::size_t>> choices;
    for (const Entry& entry : entries_) choices.push_back(entry.grouping.chosen());
    return choices;
}

} // namespace banyan
