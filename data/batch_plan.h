#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace banyan {

/// Which records make up each batch: deals the rows of a batch to several data sets by their ratio, and within a data
/// set walks through one seeded permutation per epoch.
///
/// Each batch holds the floor or the ceiling of every set's fair share, batch_size * ratio / sum of ratios; the rows
/// left after the floors go to the sets with the largest credit (fair share of all batches so far less rows dealt), so
/// that over many batches the shares come out exact. All in integers: the same on every machine.
class BatchPlan {
public:
    struct Set {
        std::int64_t records = 0; ///< > 0
        double ratio = 1.0;       ///< > 0, finite
    };
    struct Row {
        int dataset = 0;
        std::int64_t record = 0;

        bool operator==(const Row&) const = default;
    };

    /// Begins at batch `first_batch`; costs some ns per set and batch skipped.
    BatchPlan(const std::vector<Set>& sets, int batch_size, std::uint64_t seed, std::int64_t first_batch = 0);

    /// Rows of the next batch, grouped by data set.
    std::vector<Row> next();

private:
    struct Dealer {
        std::int64_t records = 0;
        std::int64_t share = 0;  ///< of kShareOne
        std::int64_t credit = 0; ///< rows owed, times the sum of all shares
        std::int64_t dealt = 0;  ///< rows of all batches before
        std::int64_t epoch = -1; ///< that `order` belongs to
        std::vector<std::int64_t> order;
    };

    std::vector<std::int64_t> deal();
    std::int64_t record_at(std::size_t set, std::int64_t position);

    std::vector<Dealer> dealers_;
    std::int64_t share_sum_ = 0;
    int batch_size_;
    std::uint64_t seed_;
};

} // namespace banyan
