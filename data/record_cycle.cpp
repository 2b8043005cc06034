#include "data/record_cycle.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/random.h"
#include "data/random_streams.h"

namespace banyan {

RecordCycle::RecordCycle(std::vector<std::int64_t> records, std::vector<std::int64_t> repeats, std::uint64_t seed,
                         std::uint64_t stream)
    : records_(std::move(records)), repeats_(std::move(repeats)), seed_(seed), stream_(stream) {
    const auto count = static_cast<std::int64_t>(records_.size());
    BANYAN_CHECK(count > 0, "record cycle: no record");
    epoch_length_ = count;
    if (repeats_.empty()) return;
    BANYAN_CHECK(repeats_.size() == records_.size(), "record cycle: ", repeats_.size(), " repeats of ", count,
                 " records");
    const auto is_rare = [](std::int64_t repeat) { return repeat < kOnce; };
    BANYAN_CHECK(std::none_of(repeats_.begin(), repeats_.end(), is_rare), "record cycle: a record of a repeat below 1");
    const std::int64_t sum = std::accumulate(repeats_.begin(), repeats_.end(), std::int64_t{0});
    epoch_length_ = (sum + kOnce - 1) / kOnce;
    const std::int64_t missing = epoch_length_ * kOnce - sum;
    for (std::int64_t i = 0; i < count; ++i) {
        repeats_[static_cast<std::size_t>(i)] += missing / count + (i < missing % count ? 1 : 0);
    }
}

std::int64_t RecordCycle::at(std::int64_t position) {
    const std::int64_t epoch = position / epoch_length_;
    if (epoch != epoch_) {
        epoch_ = epoch;
        order_ = epoch_order(epoch);
    }
    return order_[static_cast<std::size_t>(position % epoch_length_)];
}

std::vector<std::int64_t> RecordCycle::epoch_order(std::int64_t epoch) const {
    Random random = random_stream(seed_, StreamPurpose::epoch_order, stream_, epoch);
    std::vector<std::size_t> places(records_.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    random.shuffle(places);
    std::vector<std::int64_t> order;
    order.reserve(static_cast<std::size_t>(epoch_length_));
    if (repeats_.empty()) {
        for (const std::size_t place : places) order.push_back(records_[place]);
        return order;
    }
    // A point every kOnce on the line of all repeats laid end to end, from a random offset on, is one row.
    std::int64_t end = random.integer(0, kOnce - 1);
    for (const std::size_t place : places) {
        const std::int64_t begin = end;
        end += repeats_[place];
        order.insert(order.end(), static_cast<std::size_t>(end / kOnce - begin / kOnce), records_[place]);
    }
    random.shuffle(order);
    return order;
}

} // namespace banyan
