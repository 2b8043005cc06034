#pragma once

#include <cstdint>
#include <vector>

#include "data/record_cycle.h"
#include "data/row_dealer.h"

namespace banyan {

/// Which records make up each batch: the rows of a batch are dealt to several data sets by their ratio
/// (data/row_dealer.h), and each data set walks through its records epoch after epoch (data/record_cycle.h). All in
/// integers: the same on every machine.
///
/// With a group minimum every batch holds so many rows of each group, a group being the records that carry labels of
/// one branch. Records of one data set that differ in their groups are then dealt apart, each kind with its part of the
/// ratio.
class BatchPlan {
public:
    struct Set {
        std::int64_t records = 0;            ///< > 0
        double ratio = 1.0;                  ///< > 0, finite
        std::vector<std::int64_t> repeats{}; ///< [records], see RecordCycle; empty: once each
        std::vector<std::uint64_t> groups{}; ///< [records] bit g: the record is of group g; empty: of none
    };
    struct Row {
        int dataset = 0;
        std::int64_t record = 0;

        bool operator==(const Row&) const = default;
    };

    /// Begins at batch `first_batch`; costs some ns per set and batch skipped.
    /// @param group_minimum rows in each batch of every group that any record is of; 0: none
    /// @throws CheckError sets that cannot be dealt; ConfigError batch_size is too small for the minimum
    BatchPlan(const std::vector<Set>& sets, int batch_size, std::uint64_t seed, std::int64_t first_batch = 0,
              std::int64_t group_minimum = 0);

    /// Rows of the next batch, grouped by data set.
    std::vector<Row> next();

    /// Rows of each data set in a batch, on average over many.
    std::vector<double> expected_rows() const;
    /// Rows of each group in a batch, on average over many.
    std::vector<double> expected_group_rows() const;

private:
    /// Records that are dealt as one: of one data set and, with a group minimum, of the same groups.
    struct Part {
        int dataset = 0;
        RowDealer::Part share;
        std::vector<double> group_shares; ///< of its rows, by group
        RecordCycle cycle;
        std::int64_t dealt = 0; ///< rows of all batches before
    };
    static std::vector<Part> make_parts(const std::vector<Set>& sets, std::uint64_t seed, bool by_groups);
    static std::vector<RowDealer::Part> shares_of(const std::vector<Part>& parts);
    std::vector<std::int64_t> deal();

    std::vector<Part> parts_;
    RowDealer dealer_;
};

} // namespace banyan
