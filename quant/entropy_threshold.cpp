#include "quant/entropy_threshold.h"

#include <cmath>
#include <limits>
#include <vector>

#include "core/check.h"

namespace banyan {

namespace {

/// Divergences that differ by less are equal: rounding must not decide.
constexpr double kEqual = 1e-12;
/// Of Q, in the last bin, when only clipped numbers are there: as if one number in a million were.
constexpr double kStrayShare = 1e-6;

double times_log(double x) { return x > 0 ? x * std::log(x) : 0; }

/// The divergences of all thresholds over one histogram. With h the counts, T their sum, S and E the sums of h and of
/// h log h over the kept bins, E with the clipped numbers C in its last bin, and g numbers in n bins of a group:
///   KL = E / T - log T - (sum over groups of g log(g / n), the last g in front of the log with C added) / T + log S
/// With nothing but C in the last bin, C log(kStrayShare S) stands for its part of the sum, and S grows by that share.
class Divergences {
public:
    Divergences(std::span<const std::int64_t> magnitudes, std::size_t levels)
        : levels_(levels), counts_(magnitudes.begin(), magnitudes.end()), sums_(1, 0.0), entropies_(1, 0.0),
          filled_(1, 0.0) {
        if (counts_.size() > 1) counts_[0] = counts_[1];
        for (const double count : counts_) {
            sums_.push_back(sums_.back() + count);
            entropies_.push_back(entropies_.back() + times_log(count));
            filled_.push_back(filled_.back() + (count > 0 ? 1 : 0));
        }
    }

    double with(std::size_t kept) const {
        const double total = sums_.back(), inside = sums_[kept], last = counts_[kept - 1], clipped = total - inside;
        if (inside <= 0) return std::numeric_limits<double>::infinity();
        const bool stray = last <= 0 && clipped > 0;
        double cross = stray ? clipped * std::log(kStrayShare * inside) : 0;
        std::size_t begin = 0;
        for (std::size_t group = 0; group < levels_; ++group) {
            const std::size_t end = ((group + 1) * kept + levels_ - 1) / levels_;
            const double numbers = sums_[end] - sums_[begin];
            const double represented = numbers + (group + 1 == levels_ && !stray ? clipped : 0);
            if (numbers > 0) cross += represented * std::log(numbers / (filled_[end] - filled_[begin]));
            begin = end;
        }
        const double own = entropies_[kept - 1] + times_log(last + clipped);
        return (own - cross) / total + std::log(inside * (stray ? 1 + kStrayShare : 1) / total);
    }

private:
    std::size_t levels_;
    std::vector<double> counts_;
    std::vector<double> sums_, entropies_, filled_; ///< [bins + 1], over the bins before
};

} // namespace

std::size_t entropy_threshold(std::span<const std::int64_t> magnitudes, std::size_t levels) {
    BANYAN_CHECK(levels > 0, "entropy_threshold: expected at least one level");
    const Divergences divergences(magnitudes, levels);
    std::size_t best = magnitudes.size();
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t kept = magnitudes.size(); kept >= levels; --kept) {
        const double divergence = divergences.with(kept);
        if (divergence >= least - kEqual) continue;
        least = divergence;
        best = kept;
    }
    return best;
}

} // namespace banyan
