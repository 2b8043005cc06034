#pragma once

#include <cstdint>
#include <vector>

namespace banyan {

/// An endless sequence over some records: epoch after epoch, each in an order of its own. The record at a position is a
/// pure function of (records, repeats, seed, stream, position).
///
/// Records may be repeated: an epoch holds each record the floor or the ceiling of its repeat, and its repeat on
/// average. Which records are rounded up is drawn by systematic sampling over a shuffled list, so that every epoch has
/// the same length. All in integers.
class RecordCycle {
public:
    /// A record with this repeat is in every epoch once.
    static constexpr std::int64_t kOnce = 1 << 20;

    /// @param records not empty
    /// @param repeats [records], in 1 / kOnce, >= kOnce; empty: once each. Raised by less than one row an epoch in all,
    ///        so that they sum to whole rows
    /// @param stream tells cycles of one seed apart
    RecordCycle(std::vector<std::int64_t> records, std::vector<std::int64_t> repeats, std::uint64_t seed,
                std::uint64_t stream);

    std::int64_t at(std::int64_t position);
    std::int64_t epoch_length() const { return epoch_length_; }

private:
    std::vector<std::int64_t> epoch_order(std::int64_t epoch) const;

    std::vector<std::int64_t> records_;
    std::vector<std::int64_t> repeats_;
    std::uint64_t seed_;
    std::uint64_t stream_;
    std::int64_t epoch_length_ = 0;
    std::int64_t epoch_ = -1; ///< that `order_` belongs to
    std::vector<std::int64_t> order_;
};

} // namespace banyan
