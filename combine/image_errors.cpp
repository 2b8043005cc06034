#include "combine/image_errors.h"

#include <cmath>

#include "core/check.h"
#include "core/random.h"
#include "train/gradient_conflicts.h"

namespace banyan {

MeasuredMean ratio_of_sums(const std::vector<double>& hits, const std::vector<double>& trials) {
    BANYAN_CHECK(hits.size() == trials.size(), "ratio of sums: ", hits.size(), " and ", trials.size(), " images");
    double all_hits = 0, all_trials = 0, counted = 0;
    for (std::size_t i = 0; i < hits.size(); ++i) {
        all_hits += hits[i];
        all_trials += trials[i];
        if (trials[i] > 0) ++counted;
    }
    MeasuredMean ratio;
    if (!(all_trials > 0)) return ratio;
    ratio.mean = all_hits / all_trials;
    ratio.count = static_cast<std::int64_t>(all_trials);
    if (counted < 2) return ratio;
    double squares = 0;
    for (std::size_t i = 0; i < hits.size(); ++i) squares += std::pow(hits[i] - ratio.mean * trials[i], 2);
    ratio.error = std::sqrt(squares * counted / (counted - 1)) / all_trials;
    return ratio;
}

double spread_of(const std::vector<double>& values) {
    RunningMean mean;
    for (const double value : values) mean.add(value);
    return mean.standard_error() * std::sqrt(mean.count);
}

double bootstrap_error(std::size_t images, std::size_t resamples, std::uint64_t seed,
                       const std::function<double(const std::vector<int>& weights)>& statistic) {
    std::vector<double> values;
    for (std::size_t r = 0; images > 0 && r < resamples; ++r) {
        Random random(seed, r);
        std::vector<int> weights(images, 0);
        for (std::size_t i = 0; i < images; ++i) {
            ++weights[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(images) - 1))];
        }
        const double value = statistic(weights);
        if (std::isfinite(value)) values.push_back(value);
    }
    return spread_of(values);
}

} // namespace banyan
