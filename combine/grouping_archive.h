#pragma once

#include <cstddef>
#include <vector>

#include "combine/grouping_search.h"

namespace banyan {

/// A grouping in the making: parts, each a network and the tasks that it serves.
struct PartialGrouping {
    std::vector<ChosenGroup> parts;
    double cost = 0, loss = 0;

    std::vector<std::size_t> chosen() const;
};

/// Groupings none of which another one beats; those beyond the limits only as long as there is none within.
class GroupingArchive {
public:
    explicit GroupingArchive(const SearchOptions& options, std::size_t task_count);

    void add(PartialGrouping grouping);
    /// The next grouping that was not taken yet; nullptr: all were.
    const PartialGrouping* take();
    std::vector<std::vector<std::size_t>> choices() const;

private:
    struct Entry {
        PartialGrouping grouping;
        bool was_taken = false;
    };
    bool keeps_limits(const PartialGrouping& grouping) const;
    bool beats(const PartialGrouping& a, const PartialGrouping& b) const;

    double max_cost_;
    std::size_t max_groups_;
    bool limits_groups_;
    bool holds_valid_ = false;
    std::vector<Entry> entries_;
};

} // namespace banyan
