#include "train/balance_uncertainty.h"

#include <algorithm>
#include <cmath>

namespace banyan {

namespace {
constexpr double kMostLogVariance = 5;
}

std::vector<double> UncertaintyBalancer::weights(const std::vector<BranchSignal>& present) const {
    std::vector<double> weights;
    for (const BranchSignal& signal : present) {
        const auto entry = entries_.find(signal.branch);
        weights.push_back(entry == entries_.end() ? 1.0 : std::exp(-entry->second.log_variance));
    }
    return weights;
}

void UncertaintyBalancer::learn(const std::vector<BranchSignal>& present) {
    for (const BranchSignal& signal : present) {
        Entry& entry = entries_[signal.branch];
        const double gradient = 0.5 - std::exp(-entry.log_variance) * signal.loss;
        const double moved = entry.log_variance + entry.adam.change(gradient, lr_);
        entry.log_variance = std::clamp(moved, -kMostLogVariance, kMostLogVariance);
    }
}

NamedNumbers UncertaintyBalancer::state() const {
    NamedNumbers state;
    for (const auto& [branch, entry] : entries_) {
        state[branch] = {entry.log_variance, entry.adam.first, entry.adam.second, entry.adam.steps};
    }
    return state;
}

void UncertaintyBalancer::load_state(const NamedNumbers& state) {
    entries_.clear();
    for (const auto& [branch, n] : state) entries_[branch] = {n.at(0), {n.at(1), n.at(2), n.at(3)}};
}

} // namespace banyan
