#include "data/batch_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/check.h"
#include "core/random.h"
#include "data/random_streams.h"

namespace banyan {

namespace {

constexpr double kShareOne = 0x1.0p32;

} // namespace

BatchPlan::BatchPlan(const std::vector<Set>& sets, int batch_size, std::uint64_t seed, std::int64_t first_batch)
    : batch_size_(batch_size), seed_(seed) {
    BANYAN_CHECK(!sets.empty() && batch_size > 0 && first_batch >= 0, "batch plan: ", sets.size(),
                 " data sets, batch size ", batch_size, ", first batch ", first_batch);
    double ratio_sum = 0;
    for (const Set& set : sets) {
        BANYAN_CHECK(set.records > 0 && set.ratio > 0 && std::isfinite(set.ratio), "batch plan: a data set of ",
                     set.records, " records and ratio ", set.ratio);
        ratio_sum += set.ratio;
    }
    for (const Set& set : sets) {
        Dealer dealer;
        dealer.records = set.records;
        dealer.share = std::max<std::int64_t>(1, std::llround(set.ratio / ratio_sum * kShareOne));
        share_sum_ += dealer.share;
        dealers_.push_back(std::move(dealer));
    }
    for (std::int64_t batch = 0; batch < first_batch; ++batch) deal();
}

/// Rows of each set in the next batch; counted as dealt.
std::vector<std::int64_t> BatchPlan::deal() {
    std::vector<std::int64_t> counts;
    std::int64_t left = batch_size_;
    for (Dealer& dealer : dealers_) {
        const std::int64_t fair = dealer.share * batch_size_; // times share_sum_
        counts.push_back(fair / share_sum_);
        dealer.credit += fair - counts.back() * share_sum_;
        left -= counts.back();
    }
    std::vector<std::size_t> by_credit(dealers_.size());
    std::iota(by_credit.begin(), by_credit.end(), std::size_t{0});
    std::stable_sort(by_credit.begin(), by_credit.end(),
                     [this](std::size_t a, std::size_t b) { return dealers_[a].credit > dealers_[b].credit; });
    for (std::size_t i = 0; i < static_cast<std::size_t>(left); ++i) {
        ++counts[by_credit[i]];
        dealers_[by_credit[i]].credit -= share_sum_;
    }
    for (std::size_t set = 0; set < dealers_.size(); ++set) dealers_[set].dealt += counts[set];
    return counts;
}

std::int64_t BatchPlan::record_at(std::size_t set, std::int64_t position) {
    Dealer& dealer = dealers_[set];
    const std::int64_t epoch = position / dealer.records;
    if (epoch != dealer.epoch) {
        dealer.epoch = epoch;
        dealer.order.resize(static_cast<std::size_t>(dealer.records));
        std::iota(dealer.order.begin(), dealer.order.end(), std::int64_t{0});
        random_stream(seed_, StreamPurpose::epoch_order, set, epoch).shuffle(dealer.order);
    }
    return dealer.order[static_cast<std::size_t>(position % dealer.records)];
}

std::vector<BatchPlan::Row> BatchPlan::next() {
    const std::vector<std::int64_t> counts = deal();
    std::vector<Row> rows;
    rows.reserve(static_cast<std::size_t>(batch_size_));
    for (std::size_t set = 0; set < dealers_.size(); ++set) {
        const std::int64_t first = dealers_[set].dealt - counts[set];
        for (std::int64_t i = 0; i < counts[set]; ++i) {
            rows.push_back({static_cast<int>(set), record_at(set, first + i)});
        }
    }
    return rows;
}

} // namespace banyan
