#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace banyan {

/// Finds the place of an id among sorted, distinct ids; quick when ids come in runs, as in annotation files.
class IdIndex {
public:
    /// @param records  with a member `id`, sorted by it
    template <typename Record>
    explicit IdIndex(const std::vector<Record>& records) {
        ids_.reserve(records.size());
        for (const Record& record : records) ids_.push_back(record.id);
    }

    std::optional<std::int32_t> find(std::int64_t id) {
        if (last_ < ids_.size() && ids_[last_] == id) return static_cast<std::int32_t>(last_);
        const auto place = std::lower_bound(ids_.begin(), ids_.end(), id);
        if (place == ids_.end() || *place != id) return std::nullopt;
        last_ = static_cast<std::size_t>(place - ids_.begin());
        return static_cast<std::int32_t>(last_);
    }

private:
    std::vector<std::int64_t> ids_;
    std::size_t last_ = 0;
};

} // namespace banyan
