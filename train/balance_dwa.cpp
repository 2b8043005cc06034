#include "train/balance_dwa.h"

#include <algorithm>
#include <cmath>

namespace banyan {

double DwaBalancer::ratio_of(const std::string& branch) const {
    constexpr double kLeastLoss = 1e-12;
    const auto found = entries_.find(branch);
    if (found == entries_.end() || found->second.windows < 2) return 1;
    return found->second.last / std::max(kLeastLoss, found->second.before);
}

std::vector<double> DwaBalancer::weights(const std::vector<BranchSignal>& present) const {
    std::vector<double> weights;
    double highest = 0;
    for (const BranchSignal& signal : present) {
        weights.push_back(ratio_of(signal.branch) / temperature_);
        highest = std::max(highest, weights.back());
    }
    double sum = 0;
    for (double& weight : weights) sum += weight = std::exp(weight - highest); // the highest is 1: no overflow
    const auto count = static_cast<double>(present.size());
    for (double& weight : weights) weight = count * weight / sum;
    return weights;
}

void DwaBalancer::learn(const std::vector<BranchSignal>& present) {
    for (const BranchSignal& signal : present) {
        Entry& entry = entries_[signal.branch];
        entry.sum += signal.loss;
        entry.count += 1;
        if (entry.count < static_cast<double>(window_)) continue;
        entry = {0, 0, entry.sum / entry.count, entry.last, entry.windows + 1};
    }
}

NamedNumbers DwaBalancer::state() const {
    NamedNumbers state;
    for (const auto& [branch, entry] : entries_) {
        state[branch] = {entry.sum, entry.count, entry.last, entry.before, entry.windows};
    }
    return state;
}

void DwaBalancer::load_state(const NamedNumbers& state) {
    entries_.clear();
    for (const auto& [branch, n] : state) entries_[branch] = {n.at(0), n.at(1), n.at(2), n.at(3), n.at(4)};
}

} // namespace banyan
