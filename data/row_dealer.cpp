#include "data/row_dealer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "core/check.h"
#include "core/error.h"

namespace banyan {

namespace {

constexpr double kShareOne = 0x1.0p32;

bool is_of(std::uint64_t groups, std::size_t group) { return (groups >> group & 1) != 0; }

/// Bits of the groups that lack rows.
std::uint64_t short_groups(const RowDealer::Counts& shortage) {
    std::uint64_t groups = 0;
    for (std::size_t g = 0; g < shortage.size(); ++g) groups |= std::uint64_t{shortage[g] > 0} << g;
    return groups;
}

/// What is still lacking after `rows` rows of these groups.
RowDealer::Counts reduced(RowDealer::Counts shortage, std::uint64_t groups, std::int64_t rows) {
    for (std::size_t g = 0; g < shortage.size(); ++g) {
        if (is_of(groups, g)) shortage[g] = std::max<std::int64_t>(0, shortage[g] - rows);
    }
    return shortage;
}

} // namespace

RowDealer::RowDealer(const std::vector<Part>& parts, int batch_size, std::int64_t group_minimum)
    : batch_size_(batch_size), minimum_(group_minimum) {
    for (const Part& part : parts) {
        BANYAN_CHECK(part.ratio > 0 && std::isfinite(part.ratio), "row dealer: a part of ratio ", part.ratio);
        accounts_.push_back({part.groups, 0, 0});
        all_groups_ |= part.groups;
    }
    if (minimum_ > 0) {
        const std::int64_t needed = rows_to_cover(shortage(Counts(parts.size(), 0)));
        if (needed > batch_size_) {
            throw ConfigError(ErrorText{"", "the batch is too small for the least rows of every branch",
                                        "a batch of at least " + std::to_string(needed) + " rows",
                                        std::to_string(batch_size_), "lower branch_minimum or raise batch_size"});
        }
    }
    const std::vector<double> ratios = raised_ratios(parts);
    for (std::size_t part = 0; part < parts.size(); ++part) {
        accounts_[part].share = std::max<std::int64_t>(1, std::llround(ratios[part] * kShareOne));
        share_sum_ += accounts_[part].share;
    }
}

/// Ratios that sum to 1 and give every group its minimum on average. Each turn of the loop is the projection, in the
/// sense of relative entropy, onto what one group asks for; in turns they come to ratios that suit all groups.
std::vector<double> RowDealer::raised_ratios(const std::vector<Part>& parts) const {
    constexpr int kRounds = 1000;
    double sum = 0;
    for (const Part& part : parts) sum += part.ratio;
    std::vector<double> ratios;
    for (const Part& part : parts) ratios.push_back(part.ratio / sum);
    const double wanted = static_cast<double>(minimum_) / static_cast<double>(batch_size_);
    bool changed = minimum_ > 0;
    for (int round = 0; round < kRounds && changed; ++round) {
        changed = false;
        for (std::size_t g = 0; g < kMaxGroups; ++g) {
            double found = 0;
            for (std::size_t p = 0; p < parts.size(); ++p) found += is_of(parts[p].groups, g) ? ratios[p] : 0;
            if (!is_of(all_groups_, g) || found >= wanted * (1 - 1e-9)) continue;
            for (std::size_t p = 0; p < parts.size(); ++p) {
                ratios[p] *= is_of(parts[p].groups, g) ? wanted / found : (1 - wanted) / (1 - found);
            }
            changed = true;
        }
    }
    return ratios;
}

/// Rows by group that `counts` lacks.
RowDealer::Counts RowDealer::shortage(const Counts& counts) const {
    Counts lacking(static_cast<std::size_t>(std::bit_width(all_groups_)), 0);
    for (std::size_t g = 0; g < lacking.size(); ++g) {
        if (!is_of(all_groups_, g)) continue;
        std::int64_t found = 0;
        for (std::size_t p = 0; p < accounts_.size(); ++p) found += is_of(accounts_[p].groups, g) ? counts[p] : 0;
        lacking[g] = std::max<std::int64_t>(0, minimum_ - found);
    }
    return lacking;
}

/// Rows with which a greedy choice, always the part that helps the most groups, ends the shortage.
std::int64_t RowDealer::rows_to_cover(Counts lacking) const {
    std::int64_t rows = 0;
    for (std::uint64_t groups = short_groups(lacking); groups != 0; groups = short_groups(lacking)) {
        std::uint64_t best = 0;
        for (const Account& account : accounts_) {
            const std::uint64_t helped = account.groups & groups;
            if (std::popcount(helped) > std::popcount(best)) best = helped;
        }
        std::int64_t repeat = minimum_;
        for (std::size_t g = 0; g < lacking.size(); ++g)
            repeat = is_of(best, g) ? std::min(repeat, lacking[g]) : repeat;
        lacking = reduced(std::move(lacking), best, repeat);
        rows += repeat;
    }
    return rows;
}

std::vector<std::size_t> RowDealer::by_credit() const {
    std::vector<std::size_t> order(accounts_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [this](std::size_t a, std::size_t b) { return accounts_[a].credit > accounts_[b].credit; });
    return order;
}

/// Gives rows that are left to a part, or takes them back (rows < 0).
void RowDealer::move_row(std::size_t part, std::int64_t rows, Counts& counts, std::int64_t& left) {
    counts[part] += rows;
    accounts_[part].credit -= rows * share_sum_;
    left -= rows;
}

/// Takes rows back until those left suffice for the groups that are short: of the smallest credit, and where possible
/// of a part that no group would miss.
void RowDealer::make_room(Counts& counts, std::int64_t& left) {
    std::int64_t needed = rows_to_cover(shortage(counts));
    while (needed > left) {
        std::vector<std::size_t> order = by_credit();
        std::reverse(order.begin(), order.end());
        std::erase_if(order, [&](std::size_t part) { return counts[part] == 0; });
        const auto is_spare = [&](std::size_t part) {
            Counts fewer = counts;
            --fewer[part];
            return rows_to_cover(shortage(fewer)) <= needed;
        };
        const auto spare = std::find_if(order.begin(), order.end(), is_spare);
        move_row(spare == order.end() ? order.front() : *spare, -1, counts, left);
        needed = rows_to_cover(shortage(counts));
    }
}

/// Gives rows to the groups that are short, the largest credit first among the parts that leave enough for the rest.
void RowDealer::cover_groups(Counts& counts, std::int64_t& left) {
    make_room(counts, left);
    for (Counts lacking = shortage(counts); short_groups(lacking) != 0; lacking = shortage(counts)) {
        const std::uint64_t groups = short_groups(lacking);
        const std::vector<std::size_t> order = by_credit();
        const auto helps = std::find_if(order.begin(), order.end(), [&](std::size_t part) {
            const std::uint64_t helped = accounts_[part].groups & groups;
            return helped != 0 && rows_to_cover(reduced(lacking, helped, 1)) < left;
        });
        BANYAN_CHECK(helps != order.end(), "row dealer: no part ends the shortage"); // make_room has seen to it
        move_row(*helps, 1, counts, left);
    }
}

RowDealer::Counts RowDealer::deal() {
    Counts counts;
    std::int64_t left = batch_size_;
    for (Account& account : accounts_) {
        const std::int64_t fair = account.share * batch_size_; // times share_sum_
        counts.push_back(fair / share_sum_);
        account.credit += fair - counts.back() * share_sum_;
        left -= counts.back();
    }
    if (minimum_ > 0) cover_groups(counts, left);
    while (left > 0) {
        for (const std::size_t part : by_credit()) {
            if (left > 0) move_row(part, 1, counts, left);
        }
    }
    return counts;
}

std::vector<double> RowDealer::expected_rows() const {
    std::vector<double> rows;
    for (const Account& account : accounts_) {
        rows.push_back(static_cast<double>(account.share * batch_size_) / static_cast<double>(share_sum_));
    }
    return rows;
}

} // namespace banyan
