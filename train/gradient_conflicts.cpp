#include "train/gradient_conflicts.h"

#include <cmath>
#include <limits>

namespace banyan {

void RunningMean::add(double value) {
    count += 1;
    const double before = value - mean;
    mean += before / count;
    squares += before * (value - mean);
}

double RunningMean::standard_error() const {
    if (count < 2) return std::numeric_limits<double>::quiet_NaN();
    return std::sqrt(squares / (count - 1) / count);
}

std::vector<GradientConflict> GradientConflicts::add(const std::vector<std::string>& branches,
                                                     const std::vector<std::vector<double>>& products) {
    std::vector<GradientConflict> measured;
    for (std::size_t a = 0; a < branches.size(); ++a) {
        for (std::size_t b = a + 1; b < branches.size(); ++b) {
            const double norm_a = std::sqrt(products[a][a]), norm_b = std::sqrt(products[b][b]);
            if (!(norm_a > 0) || !(norm_b > 0)) continue;
            Pair& pair = pairs_[branches[a] + "/" + branches[b]];
            GradientConflict conflict{branches[a],     branches[b], products[a][b] / norm_a / norm_b,
                                      norm_a / norm_b, {},          {}};
            pair.cosines.add(conflict.cosine);
            pair.log2_ratios.add(std::log2(conflict.norm_ratio));
            conflict.cosines = pair.cosines;
            conflict.log2_ratios = pair.log2_ratios;
            measured.push_back(std::move(conflict));
        }
    }
    return measured;
}

NamedNumbers GradientConflicts::state() const {
    NamedNumbers state;
    for (const auto& [name, pair] : pairs_) {
        const RunningMean &c = pair.cosines, &r = pair.log2_ratios;
        state[name] = {c.count, c.mean, c.squares, r.count, r.mean, r.squares};
    }
    return state;
}

void GradientConflicts::load_state(const NamedNumbers& state) {
    pairs_.clear();
    for (const auto& [name, n] : state) pairs_[name] = {{n.at(0), n.at(1), n.at(2)}, {n.at(3), n.at(4), n.at(5)}};
}

} // namespace banyan
