#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace banyan {

/// Indices of records (annotations or detections) by category; inside a category by image, then in the order given.
class CocoGrouping {
public:
    /// Record has `image` and `category`, both in range. Two stable counting sorts: linear.
    template <typename Record>
    CocoGrouping(const std::vector<Record>& records, std::size_t images, std::size_t categories);

    std::span<const std::uint32_t> of(std::size_t category) const {
        return {order_.data() + first_[category], first_[category + 1] - first_[category]};
    }

private:
    /// Sorts `order` by key(record index) in [0, count), stably; returns where each key begins, and the end.
    template <typename Key>
    static std::vector<std::size_t> counting_sort(std::vector<std::uint32_t>& order, std::size_t count, Key key);

    std::vector<std::uint32_t> order_;
    std::vector<std::size_t> first_; // [categories + 1]
};

template <typename Record>
CocoGrouping::CocoGrouping(const std::vector<Record>& records, std::size_t images, std::size_t categories)
    : order_(records.size()) {
    std::iota(order_.begin(), order_.end(), 0U);
    counting_sort(order_, images, [&](std::uint32_t i) { return static_cast<std::size_t>(records[i].image); });
    first_ = counting_sort(order_, categories,
                           [&](std::uint32_t i) { return static_cast<std::size_t>(records[i].category); });
}

template <typename Key>
std::vector<std::size_t> CocoGrouping::counting_sort(std::vector<std::uint32_t>& order, std::size_t count, Key key) {
    std::vector<std::size_t> first(count + 1, 0);
    for (const std::uint32_t i : order) ++first[key(i) + 1];
    std::partial_sum(first.begin(), first.end(), first.begin());

    std::vector<std::size_t> next = first;
    std::vector<std::uint32_t> sorted(order.size());
    for (const std::uint32_t i : order) sorted[next[key(i)]++] = i;
    order = std::move(sorted);
    return first;
}

} // namespace banyan
