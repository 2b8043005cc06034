#include "train/balance_gradnorm.h"

#include <algorithm>
#include <cmath>

namespace banyan {

namespace {
constexpr double kLeastWeight = 0.01;
constexpr double kLeastLoss = 1e-12;
} // namespace

std::vector<double> GradNormBalancer::weights(const std::vector<BranchSignal>& present) const {
    std::vector<double> weights;
    for (const BranchSignal& signal : present) {
        const auto entry = entries_.find(signal.branch);
        weights.push_back(entry == entries_.end() ? 1.0 : entry->second.weight);
    }
    return weights;
}

void GradNormBalancer::learn(const std::vector<BranchSignal>& present) {
    double norms = 0, ratios = 0, weights_before = 0, weights_after = 0;
    const auto ratio_of = [&](const BranchSignal& signal) {
        return signal.loss / std::max(kLeastLoss, entries_.at(signal.branch).first_loss);
    };
    for (const BranchSignal& signal : present) {
        Entry& entry = entries_.try_emplace(signal.branch, Entry{1, signal.loss, {}}).first->second;
        norms += entry.weight * signal.shared_norm;
        ratios += ratio_of(signal);
        weights_before += entry.weight;
    }
    if (present.size() < 2 || !(ratios > 0)) return;
    const auto count = static_cast<double>(present.size());
    for (const BranchSignal& signal : present) {
        Entry& entry = entries_.at(signal.branch);
        const double target = norms / count * std::pow(ratio_of(signal) / (ratios / count), alpha_);
        const double excess = entry.weight * signal.shared_norm - target;
        const double sign = static_cast<double>((excess > 0) - (excess < 0));
        entry.weight = std::max(kLeastWeight, entry.weight + entry.adam.change(sign * signal.shared_norm, lr_));
        weights_after += entry.weight;
    }
    for (const BranchSignal& signal : present) entries_.at(signal.branch).weight *= weights_before / weights_after;
}

NamedNumbers GradNormBalancer::state() const {
    NamedNumbers state;
    for (const auto& [branch, entry] : entries_) {
        state[branch] = {entry.weight, entry.first_loss, entry.adam.first, entry.adam.second, entry.adam.steps};
    }
    return state;
}

void GradNormBalancer::load_state(const NamedNumbers& state) {
    entries_.clear();
    for (const auto& [branch, n] : state) entries_[branch] = {n.at(0), n.at(1), {n.at(2), n.at(3), n.at(4)}};
}

} // namespace banyan
