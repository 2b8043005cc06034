#include "combine/seed_mean.h"

#include <cmath>
#include <numeric>

#include <boost/math/distributions/students_t.hpp>

#include "core/check.h"

namespace banyan {

SeedMean seed_mean(std::vector<double> values, double confidence) {
    BANYAN_CHECK(!values.empty() && confidence > 0 && confidence < 1, "a mean needs values and a confidence in (0, 1)");
    const auto count = static_cast<double>(values.size());
    SeedMean result;
    result.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    if (values.size() > 1) {
        double squares = 0;
        for (const double value : values) squares += (value - result.mean) * (value - result.mean);
        const boost::math::students_t distribution(count - 1);
        const double t = boost::math::quantile(distribution, 0.5 + 0.5 * confidence);
        result.half_width = t * std::sqrt(squares / (count - 1) / count);
    }
    result.values = std::move(values);
    return result;
}

} // namespace banyan
