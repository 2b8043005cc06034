#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "train/named_numbers.h"

namespace banyan {

/// Mean of measurements with its standard error (Welford's running sums).
struct RunningMean {
    double count = 0;
    double mean = 0;
    double squares = 0; ///< sum of squared deviations from the mean

    void add(double value);
    double standard_error() const; ///< of the mean; not a number below two measurements
};

/// How the gradients that two branches give the trunk agree.
struct GradientConflict {
    std::string a, b;      ///< in the model's order
    double cosine = 0;     ///< of this step: 1 same direction, 0 nothing in common, -1 opposed
    double norm_ratio = 0; ///< of this step: |gradient of a| / |gradient of b|
    RunningMean cosines;   ///< over the run, this step included
    RunningMean log2_ratios;
};

/// Collects cosine and norm ratio of each pair of branches over a run. Pairs of which one is absent, or gives the trunk
/// no gradient, are not counted.
class GradientConflicts {
public:
    /// @param branches present ones; products [b][c] inner products of their gradients for the trunk
    /// @return the pairs of this step
    std::vector<GradientConflict> add(const std::vector<std::string>& branches,
                                      const std::vector<std::vector<double>>& products);

    NamedNumbers state() const; ///< by "a/b", kStateSize numbers each
    void load_state(const NamedNumbers& state);
    static constexpr std::size_t kStateSize = 6;

private:
    struct Pair {
        RunningMean cosines, log2_ratios;
    };
    std::map<std::string, Pair> pairs_;
};

} // namespace banyan
