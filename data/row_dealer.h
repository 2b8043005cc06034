#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace banyan {

/// Deals the rows of batches to several parts by their ratio. All state is integer: the same on every machine.
///
/// Each batch holds the floor or the ceiling of every part's fair share, batch_size * ratio / sum of ratios; the rows
/// left after the floors go to the parts with the largest credit (fair share of all batches so far less rows dealt), so
/// that over many batches the shares come out exact.
///
/// With a group minimum every batch holds at least so many rows of each group (of the parts that carry labels of one
/// branch, say). Where the floors leave a group short, rows left over go to the largest credits among the parts that
/// help, if need be in exchange for rows of the smallest credits. Credits pay that back in later batches, so shares
/// stay exact. Ratios by which a group would be short on average are raised first, and those of all other parts lowered
/// alike.
class RowDealer {
public:
    static constexpr std::size_t kMaxGroups = 64;
    using Counts = std::vector<std::int64_t>; ///< rows by part

    struct Part {
        double ratio = 1.0;       ///< > 0, finite
        std::uint64_t groups = 0; ///< bit g: its rows are of group g
    };

    /// @throws CheckError a ratio out of range; ConfigError no batch of that size can hold the minimum. (Where groups
    ///         overlap crosswise, a batch that just holds it may be refused: the cover is found greedily.)
    RowDealer(const std::vector<Part>& parts, int batch_size, std::int64_t group_minimum = 0);

    Counts deal();
    /// Rows of each part in a batch, on average over many.
    std::vector<double> expected_rows() const;

private:
    struct Account {
        std::uint64_t groups = 0;
        std::int64_t share = 0;  ///< of kShareOne
        std::int64_t credit = 0; ///< rows owed, times the sum of all shares
    };

    std::vector<double> raised_ratios(const std::vector<Part>& parts) const;
    Counts shortage(const Counts& counts) const;
    std::int64_t rows_to_cover(Counts shortage) const;
    std::vector<std::size_t> by_credit() const;
    void move_row(std::size_t part, std::int64_t rows, Counts& counts, std::int64_t& left);
    void make_room(Counts& counts, std::int64_t& left);
    void cover_groups(Counts& counts, std::int64_t& left);

    std::int64_t batch_size_;
    std::int64_t minimum_;
    std::uint64_t all_groups_ = 0;
    std::int64_t share_sum_ = 0;
    std::vector<Account> accounts_;
};

} // namespace banyan
